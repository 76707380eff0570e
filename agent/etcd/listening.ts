/** Where etcd listens, on a host that hands it its connections from another address. Pure. */

const listening = ['--listen-peer-urls=', '--listen-client-urls='];

/**
 * A command line that listens at that address, on the same ports; what the member advertises stays.
 * @param address IPv4; null: as it is
 */
export function listeningAt(args: readonly string[], address: string | null): readonly string[] {
  if (address === null) return args;
  return args.map((argument) => {
    const name = listening.find((one) => argument.startsWith(one));
    if (name === undefined) return argument;
    return name + argument.slice(name.length).replaceAll(/(?<=:\/\/)[^:/,]+/g, address);
  });
}
