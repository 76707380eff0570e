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
    const timer = setInterval(async () => {
      const state = await show(run).catch(() => null);
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
      await run('chown', ['etcd:etcd', command.dataDir]);
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

/** The unit's text. Arguments hold no blanks or quotes: names, addresses, numbers and our own paths. */
export function unitText({ binary, arguments: args, dataDir }: EtcdCommand): string {
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
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
LockPersonality=yes
CapabilityBoundingSet=
ReadWritePaths=${dataDir}

[Install]
WantedBy=multi-user.target
`;
}
