import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createLane, type Parcel } from '../../../../infra/local/links/lane.ts';
import { type Pace, undisturbed } from '../../../../infra/local/links/rules.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** What comes out of a lane, and when. */
function lane(pace: Partial<Pace> = {}) {
  const out: { readonly text: string; readonly atMs: number }[] = [];
  const seen = { takes: true, room: true, expired: 0 };
  const deliver = (parcel: Parcel) => {
    out.push({ text: parcel.toString(), atMs: performance.now() });
    return seen.takes;
  };
  const made = createLane(
    { ...undisturbed, ...pace },
    {
      deliver,
      room(isRoom) {
        seen.room = isRoom;
      },
      expired: () => void seen.expired++,
    },
  );
  return {
    ...made,
    out,
    seen,
    texts: () => out.map(({ text }) => text),
    send: (text: string) => made.push(Buffer.from(text)),
  };
}

describe('a lane', () => {
  test('without a delay hands on at once', () => {
    const { send, texts } = lane();
    send('a');
    expect(texts()).toEqual(['a']);
  });

  test('hands each parcel on when its delay is over, and not before', () => {
    const { send, out } = lane({ delayMs: 40 });
    const began = performance.now();
    for (let i = 0; i < 20; i++) {
      send(String(i));
      jest.advanceTimersByTime(7);
    }
    jest.advanceTimersByTime(100);
    expect(out.map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    for (const [i, { atMs }] of out.entries()) expect(atMs - began).toBe(i * 7 + 40);
  });

  test('does not add up the lateness of its timers', () => {
    const { send, out } = lane({ delayMs: 40 });
    const began = performance.now();
    for (let i = 0; i < 10_000; i++) {
      send('x');
      jest.advanceTimersByTime(0.5);
    }
    jest.advanceTimersByTime(100);
    expect(out).toHaveLength(10_000);
    expect((out.at(-1)?.atMs ?? 0) - began).toBeLessThan(9_999 * 0.5 + 40 + 2);
  });

  test('keeps the order whatever the jitter, within its bounds', () => {
    const { send, out, texts } = lane({ delayMs: 10, jitterMs: 50 });
    const began = performance.now();
    for (let i = 0; i < 200; i++) send(String(i));
    jest.advanceTimersByTime(9);
    expect(out).toEqual([]);
    jest.advanceTimersByTime(51);
    expect(texts()).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
    expect(Math.max(...out.map(({ atMs }) => atMs)) - began).toBeLessThanOrEqual(61);
  });

  test('takes another delay for what is on its way', () => {
    const { send, texts, setPace } = lane({ delayMs: 10_000 });
    send('a');
    jest.advanceTimersByTime(20);
    setPace({ ...undisturbed, delayMs: 10 });
    expect(texts()).toEqual(['a']);
    send('b');
    setPace({ ...undisturbed, delayMs: 1000 });
    jest.advanceTimersByTime(999);
    expect(texts()).toEqual(['a']);
    jest.advanceTimersByTime(1);
    expect(texts()).toEqual(['a', 'b']);
  });

  test('holds everything while it is cut, and hands it on a delay after that', () => {
    const { send, texts, setPace } = lane({ delayMs: 40, cut: true });
    send('a');
    jest.advanceTimersByTime(5_000);
    send('b');
    expect(texts()).toEqual([]);
    setPace({ ...undisturbed, delayMs: 40 });
    jest.advanceTimersByTime(39);
    expect(texts()).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(texts()).toEqual(['a', 'b']);
  });

  test('says when something was held for longer than TCP tries', () => {
    const { push, send, seen, setPace } = lane({ cut: true });
    jest.advanceTimersByTime(3_600_000);
    send('a');
    jest.advanceTimersByTime(923_000);
    expect(seen.expired).toBe(0);
    jest.advanceTimersByTime(1_000);
    expect(seen.expired).toBe(1);

    const handshake = lane({ cut: true });
    handshake.push('open');
    jest.advanceTimersByTime(127_000);
    expect(handshake.seen.expired).toBe(1);
    setPace(undisturbed);
    push('end');
  });

  test('waits for who takes no more, and has no room for more than a window', () => {
    const { send, push, seen, texts, resume } = lane();
    seen.takes = false;
    send('a');
    const chunk = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 5; i++) push(chunk);
    expect(seen.room).toBe(true);
    push(chunk);
    expect(seen.room).toBe(false);
    expect(texts()).toEqual(['a']);
    seen.takes = true;
    resume();
    expect(texts()).toHaveLength(7);
    expect(seen.room).toBe(true);
  });

  test('has no room for very many small parcels either', () => {
    const { send, seen } = lane({ delayMs: 1000 });
    let sent = 0;
    while (seen.room && sent < 100_000) {
      send('x');
      sent++;
    }
    expect(seen.room).toBe(false);
    expect(sent).toBeGreaterThan(10_000);
  });

  test('hands nothing on once it is closed', () => {
    const { send, close, texts } = lane({ delayMs: 10 });
    send('a');
    close();
    send('b');
    jest.advanceTimersByTime(100);
    expect(texts()).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
