/** State machines whose transitions the compiler checks, and that refuse the others at run time. */
import { PlayError } from './errors.ts';

/** Which state may follow which. */
export type Transitions = Readonly<Record<string, readonly string[]>>;

/** The states of a table. */
export type StateOf<T extends Transitions> = keyof T & string;

/** The states that may follow `From`; for several, those that may follow each of them. */
export type Next<T extends Transitions, From extends StateOf<T>> = (
  From extends unknown
    ? (next: T[From][number]) => void
    : never
) extends (next: infer To) => void
  ? To & StateOf<T>
  : never;

/** Every transition of a table as a pair of states, so that no listener has to think of others. */
export type Transition<T extends Transitions> = {
  [From in StateOf<T>]: { previous: From; state: T[From][number] & StateOf<T> };
}[StateOf<T>];

/** A state that changes along its table and in no other way. */
export class Machine<T extends Transitions> {
  readonly #table: T;
  #state: StateOf<T>;

  constructor(table: T, initial: StateOf<T>) {
    this.#table = table;
    this.#state = initial;
  }

  get state(): StateOf<T> {
    return this.#state;
  }

  /**
   * Goes from one of the states in `from` to `to`; a pair that is not in the table does not compile.
   * @throws PlayError `wrong-state` when the state is another, or the table has no such transition.
   */
  go<From extends StateOf<T>>(from: readonly From[], to: Next<T, From>): Transition<T> {
    const previous = this.#state;
    if (!(from as readonly string[]).includes(previous) || !this.#table[previous]?.includes(to))
      throw new PlayError('wrong-state', `${previous} -> ${to}`);
    this.#state = to;
    return { previous, state: to } as Transition<T>;
  }
}
