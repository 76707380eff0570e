/** The regions with their members, and the links between them: how long they take, and whether they are cut. */
import { useState } from 'preact/hooks';
import { regionOfZone } from '#etcd/regions.ts';
import type { LinksView, MemberView } from '../views.ts';
import { putJson } from './api.ts';
import { Mark } from './mark.tsx';
import { healthStatus } from './words.ts';

interface LinksProps {
  readonly view: LinksView;
  readonly members: readonly MemberView[];
  readonly mayChange: boolean;
}

type Link = LinksView['links'][number];

export function Links({ view: { regions, links }, members, mayChange }: LinksProps) {
  const [fault, setFault] = useState('');
  const set = (link: Link, change: Partial<Link>): void => {
    const { from, to } = link;
    putJson('/api/links', { from, to, ...change }).then(
      () => setFault(''),
      (error: Error) => setFault(`${from} → ${to}: ${error.message}`),
    );
  };
  const between = links.filter(({ from, to }) => regions.includes(from) && regions.includes(to) && from !== to);
  const cuts = links.filter((link) => !between.includes(link));
  const [home, ...others] = regions;
  return (
    <section class="regions" aria-labelledby="regions">
      <h2 id="regions">Regions</h2>
      <div class="map">
        <Region region={home ?? ''} members={members} note="home" />
        <ul class="links" aria-label="Links">
          {between.map((link) => (
            <Between key={`${link.from} ${link.to}`} {...{ link, mayChange, set }} />
          ))}
        </ul>
        <div class="away">
          {others.map((region) => (
            <Region key={region} region={region} members={members} note={null} />
          ))}
        </div>
      </div>
      {cuts.length > 0 && (
        <ul class="links" aria-label="Other cuts">
          {cuts.map((link) => (
            <Cut key={`${link.from} ${link.to}`} {...{ link, mayChange, set }} />
          ))}
        </ul>
      )}
      <p class="fault" role="alert">
        {fault}
      </p>
    </section>
  );
}

interface RegionProps {
  readonly region: string;
  readonly members: readonly MemberView[];
  readonly note: string | null;
}

function Region({ region, members, note }: RegionProps) {
  const here = members.filter(({ zone }) => regionOfZone(zone) === region);
  return (
    <article class="region" aria-label={region}>
      <h3>
        {region} {note !== null && <span class="quiet">{note}</span>}
      </h3>
      {here.length === 0 && <p class="quiet">No members</p>}
      <ul>
        {here.map(({ instanceId, name, role, health }) => (
          <li key={instanceId}>
            {role === 'leader' && <span title="leader">★ </span>}
            {name} <Mark status={healthStatus[health]} word={health} />
          </li>
        ))}
      </ul>
    </article>
  );
}

interface LinkProps {
  readonly link: Link;
  readonly mayChange: boolean;
  readonly set: (link: Link, change: Partial<Link>) => void;
}

function Between(props: LinkProps) {
  const { link, mayChange } = props;
  const jitter = link.jitterMs === 0 ? '' : ` to ${link.delayMs + link.jitterMs}`;
  return (
    <li class={link.cut ? 'cut' : ''} aria-label={`${link.from} to ${link.to}`}>
      <p class="way">
        <span>{link.from}</span>
        <strong>{link.cut ? '✕ cut' : `${link.delayMs}${jitter} ms`}</strong>
        <span>{link.to}</span>
      </p>
      {mayChange && (
        <p class="controls">
          <Milliseconds {...props} field="delayMs" label="Delay" />
          <Milliseconds {...props} field="jitterMs" label="Jitter" />
          <CutButton {...props} />
        </p>
      )}
    </li>
  );
}

/** Of a zone or an instance. */
function Cut(props: LinkProps) {
  const { link, mayChange } = props;
  return (
    <li class="cut" aria-label={`${link.from} to ${link.to}`}>
      <p class="way">
        <span>{link.from}</span>
        <strong>✕ cut</strong>
        <span>{link.to}</span>
      </p>
      {mayChange && (
        <p class="controls">
          <CutButton {...props} />
        </p>
      )}
    </li>
  );
}

function CutButton({ link, set }: LinkProps) {
  return (
    <button type="button" class={link.cut ? '' : 'danger'} onClick={() => set(link, { cut: !link.cut })}>
      {link.cut ? 'Heal' : 'Cut'}
    </button>
  );
}

/** What is being typed stays as it is, whatever is pushed meanwhile. */
function Milliseconds({ link, set, field, label }: LinkProps & { field: 'delayMs' | 'jitterMs'; label: string }) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <label>
      {label} (ms)
      <input
        type="number"
        min="0"
        step="any"
        value={typed ?? link[field]}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onChange={({ currentTarget }) => {
          set(link, { [field]: currentTarget.valueAsNumber });
          setTyped(null);
        }}
      />
    </label>
  );
}
