/** What the plan has to know of the target, read from the engine (see scripts/lib/engine.ts). */

/** Facts of one container engine; addresses are those of the machine it runs on, not of this one. */
export interface EngineFacts {
  /** e.g. "20.10.24". */
  version: string;
  operatingSystem: 'linux' | 'windows';
  rootless: boolean;
  /** Docker Desktop and its like: containers live in a hidden virtual machine. */
  virtualMachine: boolean;
  cores: number;
  /** Memory in bytes. */
  memory: number;
  /**
   * IPv4 and IPv6 addresses of the machine, without loopback and without the engine's own bridges; those on the
   * network of its default route first. Of an engine in a virtual machine, those of the machine round that.
   */
  addresses: string[];
  /** The engine's bridge networks, with their subnets (192.0.2.0/24). */
  networks: { name: string; subnets: string[] }[];
  /** IPv4 subnets that the machine has routes to. */
  routes: string[];
  /** The kernel's ephemeral ports, which other programs take at will. */
  ephemeralPorts: { first: number; last: number };
}

/** What can be had to build from. */
export interface BuildFacts {
  /** The base image to build on, why it is not the official one, and when security updates were last taken. */
  baseImage: { name: string; substitute?: string; refreshed?: string };
  /** Whether Grafana's image is on the engine, and if not, why. */
  grafana: { image: string } | { why: string };
  /** Whether the pinned Janus source is at hand, and if not, why. */
  janusSource: { available: true } | { available: false; why: string };
  /** How Pulumi and its plugins came here. */
  toolchain: { name: string; substitute?: string };
  /** Whether the certificate is the operator's or was generated here. */
  certificate: { name: string; substitute?: string };
}
