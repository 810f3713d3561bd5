/** The gateway's admin API, which is on a socket inside its container and nowhere else. */
import { $ } from './command.ts';
import { Failure } from './steps.ts';

export interface AdminRequest {
  janus: string;
  session_id?: number;
  handle_id?: number;
  /** Whether new sessions are taken. */
  accept?: boolean;
}

/** Ids have up to 16 digits, all of which a number keeps. */
export type AdminAnswer = Record<string, unknown> & { janus: string };

/** Asks the gateway of one container. */
export class AdminApi {
  readonly #container: string;
  readonly #secret: string;

  private constructor(container: string, secret: string) {
    this.#container = container;
    this.#secret = secret;
  }

  /**
   * Reads the API's password from the configuration that the gateway runs with.
   * @throws Failure when the container does not run
   */
  static async open(container: string): Promise<AdminApi> {
    const read = await $({
      quiet: true,
      nothrow: true,
    })`docker exec ${container} cat /config/current/janus.jcfg`;
    const secret = /^\s*admin_secret = "(.*)"$/m.exec(read.stdout)?.[1];
    if (secret === undefined) {
      throw new Failure(
        `The admin API of ${container} cannot be reached (${read.stderr.trim() || 'no admin_secret'}); start the container.`,
      );
    }
    return new AdminApi(container, secret);
  }

  /**
   * Answers in the order of the requests; one of a session that has ended meanwhile has `janus: 'error'`.
   * @throws Failure when the gateway does not answer
   */
  async ask(requests: AdminRequest[]): Promise<AdminAnswer[]> {
    if (requests.length === 0) return [];
    // By standard input, as arguments are seen in lists of processes.
    const input = requests
      .map((request) => JSON.stringify({ ...request, transaction: 'admin', admin_secret: this.#secret }))
      .join('\n');
    const asked = await $({
      quiet: true,
      nothrow: true,
      input: `${input}\n`,
    })`docker exec --interactive ${this.#container} janus-admin`;
    if (asked.exitCode !== 0) {
      throw new Failure(
        `The admin API of ${this.#container} does not answer (${asked.stderr.trim()}); see \`docker logs ${this.#container}\`.`,
      );
    }
    return asked.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AdminAnswer);
  }
}
