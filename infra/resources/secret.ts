/** A secret that is made once per stack and kept, encrypted, in its state. */
import { local } from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';

/** 24 random bytes in hex. The built toolchain has no random provider; Node is there, as it runs this program. */
export function randomSecret(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const command = new local.Command(
    name,
    {
      create: `node -e "process.stdout.write(require('node:crypto').randomBytes(24).toString('hex'))"`,
      logging: 'none',
    },
    { ...opts, additionalSecretOutputs: ['stdout'] },
  );
  return pulumi.secret(command.stdout);
}
