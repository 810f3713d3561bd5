/** Where a film is played to prove a deployment, and how long. */
export interface Scene {
  /** Where the deployment is reached, e.g. `https://192.0.2.1:8443`. */
  origin: string;
  /** PEM text of the certificate that it serves, and of its issuers. */
  certificate: string;
  /** Of a viewer who may play everything, where the gateway asks for one. */
  token?: string;
}

/** Seconds that are watched. */
export const seconds = 3;
