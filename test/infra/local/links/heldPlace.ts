/** A home with proxies, until it is killed: prints the process id of them. */
import { instanceIn, openPlace } from './place.ts';

const { links } = openPlace();
await links.open(instanceIn(0, 50));
process.stdout.write(`${links.pid}\n`);
setInterval(() => {}, 1_000);
