import type { MemberView, UpkeepView } from '../views.ts';
import { Mark } from './mark.tsx';
import { Upkeep } from './upkeep.tsx';
import { bytesOf, healthStatus } from './words.ts';

interface MembersProps {
  /** Null: not known yet, and so is the next one. */
  readonly members: readonly MemberView[] | null;
  readonly upkeep: UpkeepView | null;
}

export function Members({ members, upkeep }: MembersProps) {
  return (
    <section aria-labelledby="members">
      <h2 id="members">Members</h2>
      {members === null || members.length === 0 ? (
        <p class="quiet">{members === null ? 'Asking the home for its instances…' : 'No instances yet.'}</p>
      ) : (
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {members.map((member) => (
              <Member key={member.instanceId} member={member} />
            ))}
          </tbody>
        </table>
      )}
      {upkeep && members !== null && members.length > 0 && <Upkeep upkeep={upkeep} />}
    </section>
  );
}

const columns = ['Member', 'Health', 'Role', 'Version', 'Serves', 'Database', 'Zone', 'Address'] as const;

function Member({ member }: { member: MemberView }) {
  return (
    <tr>
      <th scope="row">
        {member.name}
        {member.name !== member.instanceId && <small>{member.instanceId}</small>}
      </th>
      <td data-label="Health">
        <Mark status={healthStatus[member.health]} word={member.health} />
        {member.reasons.map((reason) => (
          <small key={reason}>{reason}</small>
        ))}
      </td>
      <td data-label="Role">{member.role === 'leader' ? <strong>★ leader</strong> : (member.role ?? '–')}</td>
      <td data-label="Version">{member.version ?? '–'}</td>
      <td data-label="Serves">
        {member.serves === null ? '–' : transportWords[member.serves.transport]}
        {member.serves?.certificateEndsAt != null && (
          <small>certificate until {member.serves.certificateEndsAt.slice(0, 10)}</small>
        )}
      </td>
      <td data-label="Database">
        {member.database === null ? '–' : bytesOf(member.database.bytes)}
        {member.database !== null && isNearQuota(member.database) && (
          <small>of {bytesOf(member.database.quotaBytes)}: near its quota</small>
        )}
      </td>
      <td data-label="Zone">{member.zone}</td>
      <td data-label="Address">{member.address}</td>
    </tr>
  );
}

const transportWords = { plain: 'HTTP', both: 'HTTP and TLS', tls: 'TLS' } as const;

/** As the alarm has it. */
function isNearQuota({ bytes, quotaBytes }: NonNullable<MemberView['database']>): boolean {
  return bytes >= 0.8 * quotaBytes;
}
