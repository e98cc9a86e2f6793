import * as fs from 'fs';
import * as path from 'path';
import { App, Language, Workplace } from './language';
import { npmPackage, packages, pacmak } from './pacmak';

/** Quicker for short runs. */
const env = { MAVEN_OPTS: `${process.env.MAVEN_OPTS ?? ''} -XX:TieredStopAtLevel=1`.trim() };

/** A repository of our own, since what is made here is not published and does not belong into the one of the user. */
function repository(work: Workplace): string {
  return path.join(work.cache, 'maven');
}

function maven(work: Workplace, args: string[]): string[] {
  return ['--batch-mode', '--quiet', `-Dmaven.repo.local=${repository(work)}`, `-Dhome-load-balancer.version=${work.version}`, ...args];
}

/** Packages cdk8s-plus-28 into the repository, once for each version: not every mirror has it for Java. */
async function packagePeer(work: Workplace): Promise<void> {
  const peer = npmPackage(work, 'cdk8s-plus-28');
  const { version } = JSON.parse(fs.readFileSync(path.join(peer, 'package.json'), 'utf8'));
  if (!fs.existsSync(path.join(repository(work), `org/cdk8s/cdk8s-plus-28/${version}/cdk8s-plus-28-${version}.jar`))) {
    work.tell(`packages cdk8s-plus-28 ${version} too, once on this machine; takes minutes`);
    await pacmak(work, 'java', ['--maven-local-repository', repository(work), '--mvn-define=maven.javadoc.skip=true'], [peer]);
  }
}

/** Jars of classes, sources and documentation, installed into a repository. */
export const java: Language = {
  name: 'java',
  fence: 'java',
  tools: [
    { name: 'JDK 11', command: 'javac', args: ['--release', '11', '-version'] },
    { name: 'Maven', command: 'mvn', args: ['--version'] },
  ],

  async package(work) {
    await packagePeer(work);
    await pacmak(work, 'java', ['--maven-local-repository', repository(work)]);
    const folder = path.join(packages(work, 'java'), 'io/github/home-load-balancer/cdk8s-home-load-balancer', work.version);
    return [path.join(folder, `cdk8s-home-load-balancer-${work.version}.jar`)];
  },

  async build(work, sources) {
    const cwd = path.join(work.folder, 'app');
    fs.cpSync(path.join(work.root, 'examples/languages/java'), cwd, { recursive: true });
    for (const [app, text] of Object.entries(sources)) {
      fs.mkdirSync(path.join(cwd, `src/main/java/${app}`));
      // A package for each, because both have the same class.
      fs.writeFileSync(path.join(cwd, `src/main/java/${app}/Home.java`), `package ${app};\n\n${text}`);
    }
    await work.shell.run('mvn', maven(work, ['compile']), { cwd, env });
  },

  command(work, app) {
    const main = app === App.EXAMPLE ? [] : [`-Dexec.mainClass=${app}.Home`];
    return { command: 'mvn', args: maven(work, [...main, 'exec:java']), cwd: path.join(work.folder, 'app') };
  },
};
