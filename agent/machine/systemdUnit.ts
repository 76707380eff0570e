/**
 * etcd as a unit of its own, so that restarting or updating the agent never restarts etcd. The agent decides when it is
 * started again (`Restart=no`), since it alone tells a crash loop from a restart that was meant.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { EtcdCommand, EtcdExitReport, EtcdProcess } from './etcdProcess.ts';

const execute = promisify(execFile);
const unit = 'etcd.service';
const watchIntervalMs = 200;

/** @param path where `systemctl`, `journalctl` and `chown` are looked for */
export function systemdUnit(unitFile = `/etc/systemd/system/${unit}`, path = process.env.PATH): EtcdProcess {
  const run = (command: string, args: readonly string[]) =>
    execute(command, args, { env: { ...process.env, PATH: path } });
  const listeners: ((exit: EtcdExitReport) => void)[] = [];
  let current: number | null = null;

  function watch(startedAtMs: number): void {
    let isAsking = false;
    const timer = setInterval(async () => {
      // Answers that take longer than the interval would tell of one end twice.
      if (isAsking) return;
      isAsking = true;
      const state = await show(run).catch(() => null);
      isAsking = false;
      if (state === null) return;
      if (state.active === 'active' || state.active === 'activating') {
        current = state.pid;
        return;
      }
      clearInterval(timer);
      current = null;
      for (const listener of listeners) listener({ startedAtMs, exitedAtMs: performance.now(), how: state.how });
    }, watchIntervalMs);
  }

  return {
    pid: () => current,
    onExit: (listener) => void listeners.push(listener),
    async stop() {
      // TimeoutStopSec of the unit bounds it.
      await run('systemctl', ['stop', unit]);
    },
    async lastWords() {
      // Of the last run alone: by time, a clock that was set would hide its lines or show an earlier run's.
      const { invocation } = await show(run);
      const only = `_SYSTEMD_INVOCATION_ID=${invocation}`;
      const { stdout } = await run('journalctl', [only, '--output=cat', '--lines=100', '--no-pager']);
      return stdout;
    },
    async adopt() {
      const { active, pid } = await show(run);
      if (active !== 'active' || pid === null) return false;
      current = pid;
      watch(performance.now());
      return true;
    },
    async start(command) {
      mkdirSync(command.dataDir, { recursive: true, mode: 0o700 });
      await run('chown', ['etcd:etcd', command.dataDir, ...(command.keys ?? [])]);
      writeFileSync(unitFile, unitText(command));
      await run('systemctl', ['daemon-reload']);
      await run('systemctl', ['reset-failed', unit]).catch(() => undefined);
      const startedAtMs = performance.now();
      // Of type simple: systemd returns when the process is there.
      await run('systemctl', ['start', unit]);
      current = (await show(run)).pid;
      watch(startedAtMs);
    },
  };
}

interface UnitState {
  readonly active: string;
  readonly pid: number | null;
  readonly how: string;
  /** Systemd's id of the last run. */
  readonly invocation: string;
}

/** `CLD_KILLED` and `CLD_DUMPED` of waitid(2), in which `ExecMainStatus` is a signal's number. */
const killed = new Set(['2', '3']);

type Run = (command: string, args: readonly string[]) => Promise<{ readonly stdout: string }>;

async function show(run: Run): Promise<UnitState> {
  const properties = ['ActiveState', 'MainPID', 'ExecMainCode', 'ExecMainStatus', 'InvocationID'];
  const { stdout } = await run('systemctl', ['show', unit, ...properties.map((name) => `--property=${name}`)]);
  const values = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=', 2) as [string, string]),
  );
  const pid = Number(values.MainPID);
  return {
    active: values.ActiveState ?? 'unknown',
    pid: pid > 0 ? pid : null,
    how: killed.has(values.ExecMainCode ?? '') ? `signal ${values.ExecMainStatus}` : `exit ${values.ExecMainStatus}`,
    invocation: values.InvocationID ?? '',
  };
}

/** A path or an argument as it stands in a unit, where blanks, quotes, `%`, `$` and line breaks mean something. */
const plain = /^[\w.,:=/@+[\]-]+$/;

/**
 * The unit's text. Arguments are names, addresses, numbers and our own paths; some come from the cluster record, which is more
 * than this instance's to write.
 * @throws Error where one is anything else
 */
export function unitText({ binary, arguments: args, dataDir }: EtcdCommand): string {
  for (const word of [binary, dataDir, ...args])
    if (!plain.test(word))
      throw new Error(`etcd is not started with ${JSON.stringify(word)}: no name, address or path`);
  return `[Unit]
Description=etcd
Documentation=https://etcd.io/docs/
After=network-online.target
RequiresMountsFor=${dataDir}

[Service]
# Of type notify only from 2.1 on, and then not ready before it has joined: the agent looks itself.
Type=simple
User=etcd
ExecStart=${[binary, ...args].join(' ')}
Restart=no
LimitNOFILE=65536
OOMScoreAdjust=-900
TimeoutStopSec=60
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
MemoryDenyWriteExecute=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
ReadWritePaths=${dataDir}
# Instance metadata, which gives out the keys of the instance's role: they are for the agent.
IPAddressDeny=169.254.169.254/32 fd00:ec2::254/128

[Install]
WantedBy=multi-user.target
`;
}
