import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from './apt.ts';
import { onPath } from './on-path.ts';
import type { Place } from './place.ts';

/** `group:artifact:version`. */
type Artifact = `${string}:${string}:${string}`;

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';

/** Puts artifacts and all that they need to run into `<folder>/libs`. Installs Java 17 and Maven where they are missing. */
export async function mavenInstall(
  place: Place,
  folder: string,
  artifacts: readonly Artifact[],
): Promise<void> {
  const missing = [
    ...(onPath('java') ? [] : ['openjdk-17-jre-headless']),
    ...(onPath('mvn') ? [] : ['maven']),
  ];
  if (missing.length > 0) await aptInstall(place, missing);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pom.xml'), pom(artifacts));
  const options = ['-DincludeScope=runtime', '-DoutputDirectory=libs'];
  await place.run('mvn', ['-B', '-ntp', COPY, ...options], { cwd: folder });
}

function pom(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>edgewise</groupId><artifactId>service</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}
