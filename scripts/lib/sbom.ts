/** The bill of materials of an image, in CycloneDX 1.6. */
import { Enums, Models, Serialize, Spec, Validation } from '@cyclonedx/cyclonedx-library';
import type { DebianPackage, OtherPart } from './packages.ts';
import { projectVersion } from './version.ts';

const { Component, LicenseExpression } = Models;
const { ComponentType, HashAlgorithm } = Enums;

/** @throws Error where it would not be what the standard's schema says */
export async function billOfMaterials(
  image: string,
  debian: DebianPackage[],
  others: OtherPart[],
): Promise<string> {
  const [name, tag] = image.split(':');
  const bom = new Models.Bom();
  bom.metadata.timestamp = new Date();
  bom.metadata.component = new Component(ComponentType.Container, name, { version: tag, bomRef: image });
  bom.metadata.tools.components.add(
    new Component(ComponentType.Application, 'janus-deploy', { version: projectVersion }),
  );
  for (const component of [...debian.map(debianComponent), ...others.map(otherComponent)]) {
    bom.components.add(component);
    bom.metadata.component.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const text = serializer.serialize(bom, { sortLists: true, space: 2 });
  const wrong = await new Validation.JsonStrictValidator(Spec.Spec1dot6.version).validate(text);
  if (wrong !== null) throw new Error(`The bill of materials of ${image} is wrong: ${JSON.stringify(wrong)}`);
  return text;
}

function debianComponent({ name, version, architecture, source }: DebianPackage): Models.Component {
  const upstream = `${source.name}@${source.version}`;
  const purl = `pkg:deb/debian/${purlPart(name)}@${purlPart(version)}?arch=${architecture}&distro=debian-12&upstream=${encodeURIComponent(upstream)}`;
  return new Component(ComponentType.Library, name, { version, purl, bomRef: purl });
}

function otherComponent({ name, version, url, license, sha256 }: OtherPart): Models.Component {
  const purl = `${url}@${purlPart(version)}`;
  const component = new Component(ComponentType.Library, name, { version, purl, bomRef: purl });
  if (license) component.licenses.add(new LicenseExpression(license));
  if (sha256) component.hashes.set(HashAlgorithm['SHA-256'], sha256);
  return component;
}

/** As package URLs write names and versions. */
const purlPart = (text: string): string => encodeURIComponent(text).replaceAll('%3A', ':');
