/** An S3 server of the tests, with one bucket that is empty when it starts and gone when it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { findGofakes3 } from '../../scripts/lib/test-tools.ts';
import { slot } from './slot.ts';

const gofakes3 = await findGofakes3();

/** Why there can be none on this machine; undefined where there can. */
export const missingObjectStore = 'missing' in gofakes3 ? gofakes3.missing : undefined;

export class ObjectStore implements AsyncDisposable {
  readonly bucket = 'states';
  /** What its clients find in their environment. */
  readonly environment = {
    AWS_ACCESS_KEY_ID: 'tests',
    AWS_SECRET_ACCESS_KEY: 'tests',
    AWS_REGION: 'us-east-1',
  };
  readonly #address = `127.0.0.1:${31_980 + slot}`;
  #server?: ChildProcess;

  async start(): Promise<this> {
    if ('missing' in gofakes3) throw new Error(gofakes3.missing);
    const options = ['-host', this.#address, '-backend', 'memory', '-initialbucket', this.bucket, '-quiet'];
    this.#server = spawn(gofakes3.path, options, { stdio: 'ignore' });
    while ((await this.list('').catch(() => undefined)) === undefined) await setTimeout(50);
    return this;
  }

  /** As Pulumi takes it for a backend. */
  url(bucket = this.bucket): string {
    return `s3://${bucket}?endpoint=http://${this.#address}&s3ForcePathStyle=true`;
  }

  /** Keys of the objects below a prefix. */
  async list(prefix: string): Promise<string[]> {
    const listed = await fetch(`http://${this.#address}/${this.bucket}?prefix=${encodeURIComponent(prefix)}`);
    return [...(await listed.text()).matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key);
  }

  async get(key: string): Promise<string> {
    return (await fetch(`http://${this.#address}/${this.bucket}/${key}`)).text();
  }

  async put(key: string, content: string): Promise<void> {
    await fetch(`http://${this.#address}/${this.bucket}/${key}`, { method: 'PUT', body: content });
  }

  async delete(key: string): Promise<void> {
    await fetch(`http://${this.#address}/${this.bucket}/${key}`, { method: 'DELETE' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server?.exitCode !== null) return;
    this.#server.kill();
    await once(this.#server, 'exit');
  }
}
