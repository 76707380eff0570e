/**
 * The systemd unit of the agent. It is root, since it puts etcd's unit in place and hands files to etcd's user, but keeps of
 * root's powers and of the file system only what it uses (systemd.exec(5); Amazon Linux 2023 has systemd 252).
 */

/** Where it writes: the data volume, releases, and the unit of etcd. Its state, log and socket have directories of their own. */
export const agentWrites = ['/var/lib/etcd', '/opt/etcd/releases', '/etc/systemd/system'] as const;

/**
 * Not here: `MemoryDenyWriteExecute`, as a Node with its compiler needs such memory, and `UMask`, as etcd's user runs the
 * releases that the agent unpacks.
 */
export const agentUnit = `[Unit]
Description=etcd agent
After=network-online.target
Wants=network-online.target
RequiresMountsFor=/var/lib/etcd
# However often it ends, it is started again.
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/etcd-agent run
Restart=always
RestartSec=1
# etcd is a unit of its own: stopping or restarting the agent leaves it alone.
KillMode=process
# Its socket: for root alone.
RuntimeDirectory=etcd-agent
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
StateDirectory=etcd-agent
StateDirectoryMode=0700
LogsDirectory=etcd-agent
LogsDirectoryMode=0750
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=${agentWrites.join(' ')}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
# The data directory is etcd's, and etcd's alone: handing it over, and reading and moving what is in it.
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallFilter=@chown
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
