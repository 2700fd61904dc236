import type { ClassesAllowed, Hello, RiskClass } from '../protocol';
import { EMPTY_SESSION, reduce } from '../reducer';

function hello(last_seq: number, ...allowed: RiskClass[]): Hello {
  return { type: 'hello', last_seq, allowed } as unknown as Hello;
}

function told(seq: number, ...allowed: RiskClass[]): ClassesAllowed {
  return {
    type: 'classes_allowed',
    session_id: 's',
    run_id: '',
    seq,
    time: 0,
    allowed,
    by: 'ann'
  };
}

describe('what is allowed in a notebook', () => {
  it('is what the server says at first, whatever the replay tells', () => {
    const first = reduce(EMPTY_SESSION, hello(2, 'shell'));
    expect(first.allowed).toEqual(['shell']);
    expect(reduce(first, told(2, 'network')).allowed).toEqual(['shell']);
  });

  it('changes live, by this session and by another of the same notebook', () => {
    const first = reduce(EMPTY_SESSION, hello(2, 'shell'));
    const live = reduce(first, told(3, 'shell', 'install'));
    expect(live.allowed).toEqual(['shell', 'install']);
    expect(reduce(live, told(0)).allowed).toEqual([]);
  });
});
