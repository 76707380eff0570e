/**
 * Changes of etcd's membership and leadership through one member's client API: `/v2/members` up to 3.1, the v3 API from 3.2
 * on, the first that takes a certificate's name for a user of etcd. Each call has a deadline; what etcd refuses is an error in its own words.
 */
import { compareVersions } from '#etcd/versions.ts';
import { callEtcd } from './etcdCall.ts';
import { exchangeWithEtcd } from './etcdHttp.ts';

export interface EtcdMembership {
  /** @returns the new member's id @throws EtcdRefusal */
  add(peerUrl: string, asLearner: boolean): Promise<string>;
  /** Removing a member that is not there succeeds. @throws EtcdRefusal */
  remove(memberId: string): Promise<void>;
  /** Gives a member another peer URL: the others dial it there from then on. @throws EtcdRefusal */
  update(memberId: string, peerUrl: string): Promise<void>;
  /** 3.4 on; promoting a voter succeeds. @throws EtcdRefusal, also while the learner has not caught up */
  promote(memberId: string): Promise<void>;
  /** 3.3 on; only the leader takes it. @throws EtcdRefusal */
  moveLeader(toMemberId: string): Promise<void>;
}

/** etcd answered, and said no: nothing was changed. */
export class EtcdRefusal extends Error {
  override readonly name = 'EtcdRefusal';
}

export interface EtcdMembershipOptions {
  readonly address: string;
  /** X.Y.Z of the member that is asked. */
  readonly version: string;
  /** Milliseconds for each call; a membership change waits for its commit. */
  readonly timeoutMs: number;
}

export function createEtcdMembership({ address, version, timeoutMs }: EtcdMembershipOptions): EtcdMembership {
  const older = compareVersions(version, '3.2.0') < 0;

  async function send(method: string, path: string, body?: object): Promise<{ status: number; answer: Answer }> {
    const sent = body === undefined ? {} : { headers: json, body: JSON.stringify(body) };
    const { status, body: text } = await exchangeWithEtcd({ address, method, path, timeoutMs, ...sent });
    return { status, answer: parsed(text) };
  }

  /** The v3 API's call; `done` names refusals that mean that it was done before. */
  async function post(path: string, body: object, done?: RegExp): Promise<Answer> {
    const { status, body: text } = await callEtcd({ address, version, path, body, timeoutMs });
    const answer = parsed(text);
    if (status === 200) return answer;
    if (done?.test(said(answer))) return answer;
    throw refusal(`${path}: ${status} ${said(answer)}`);
  }

  return {
    async add(peerUrl, asLearner) {
      if (older) {
        const { status, answer } = await send('POST', '/v2/members', { peerURLs: [peerUrl] });
        if (status === 201) return trimmed(String(answer.id));
        throw refusal(`member add: ${status} ${said(answer)}`);
      }
      const answer = await post('/cluster/member/add', { peerURLs: [peerUrl], ...(asLearner && { isLearner: true }) });
      return BigInt(String((answer.member as { ID?: string } | undefined)?.ID)).toString(16);
    },
    async remove(memberId) {
      if (!older) {
        await post('/cluster/member/remove', { ID: decimal(memberId) }, /member not found/);
        return;
      }
      const { status, answer } = await send('DELETE', `/v2/members/${memberId}`);
      // 410: it was removed before (etcd 2: "Member permanently removed").
      if (![200, 204, 404, 410].includes(status)) throw refusal(`member remove: ${status} ${said(answer)}`);
    },
    async update(memberId, peerUrl) {
      if (!older) {
        await post('/cluster/member/update', { ID: decimal(memberId), peerURLs: [peerUrl] });
        return;
      }
      const { status, answer } = await send('PUT', `/v2/members/${memberId}`, { peerURLs: [peerUrl] });
      if (status !== 204) throw refusal(`member update: ${status} ${said(answer)}`);
    },
    async promote(memberId) {
      // Of one that has not caught up it says the same, and more.
      await post('/cluster/member/promote', { ID: decimal(memberId) }, /can only promote a learner member$/);
    },
    async moveLeader(toMemberId) {
      await post('/maintenance/transfer-leadership', { targetID: decimal(toMemberId) });
    },
  };
}

/** etcd's words for a proposal that was sent on its way and may be committed yet. */
const uncertain = /timed out|leader changed|deadline exceeded|cancell?ed/i;

/** A refusal, or, where the change may come about after all, an error that says no more than that. */
function refusal(message: string): Error {
  return uncertain.test(message) ? new Error(message) : new EtcdRefusal(message);
}

const json = { 'content-type': 'application/json' };

interface Answer {
  readonly id?: unknown;
  readonly message?: unknown;
  readonly error?: unknown;
  readonly member?: unknown;
  readonly text?: string;
}

function parsed(text: string): Answer {
  try {
    return text === '' ? {} : (JSON.parse(text) as Answer);
  } catch {
    return { text: text.slice(0, 300) };
  }
}

function said({ message, error, text }: Answer): string {
  return String(message ?? error ?? text ?? '').trim();
}

/** The gateway takes 64-bit ids as decimal strings. */
function decimal(id: string): string {
  return BigInt(`0x${id}`).toString();
}

function trimmed(id: string): string {
  return id.replace(/^0+(?=.)/, '');
}
