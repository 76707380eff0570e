import type { MemberView } from '../views.ts';
import { Mark } from './mark.tsx';
import { healthStatus } from './words.ts';

/** @param members null: not known yet */
export function Members({ members }: { members: readonly MemberView[] | null }) {
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
    </section>
  );
}

const columns = ['Member', 'Health', 'Role', 'Version', 'Zone', 'Address'] as const;

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
      <td data-label="Zone">{member.zone}</td>
      <td data-label="Address">{member.address}</td>
    </tr>
  );
}
