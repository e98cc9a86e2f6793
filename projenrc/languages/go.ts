import * as fs from 'fs';
import * as path from 'path';
import { App, Language } from './language';
import { npmPackage, packages, pacmak } from './pacmak';

/** What the library needs, packaged beside it: then every version is the one of the checkout, whatever a module proxy has. */
const PEERS = ['cdk8s', 'cdk8s-plus-28', 'constructs'];

/** Go modules, as sources; the apps compile them. */
export const go: Language = {
  name: 'go',
  fence: 'go',
  tools: [{ name: 'Go', command: 'go', args: ['version'] }],

  async package(work) {
    await pacmak(work, 'go', ['--code-only'], [work.root, ...PEERS.map((name) => npmPackage(work, name))]);
    return [path.join(packages(work, 'go'), 'homeloadbalancer')];
  },

  async build(work, sources) {
    const cwd = path.join(work.folder, 'app');
    fs.cpSync(path.join(work.root, 'examples/languages/go'), cwd, { recursive: true });
    for (const [app, text] of Object.entries(sources)) {
      fs.mkdirSync(path.join(cwd, app));
      fs.writeFileSync(path.join(cwd, app, 'main.go'), text);
    }
    const replace = fs.readdirSync(packages(work, 'go')).map((name) => {
      const folder = path.join(packages(work, 'go'), name);
      const [, module] = /^module (.+)$/m.exec(fs.readFileSync(path.join(folder, 'go.mod'), 'utf8'))!;
      return `-replace=${module}=${folder}`;
    });
    await work.shell.run('go', ['mod', 'edit', ...replace], { cwd });
    await work.shell.run('go', ['mod', 'tidy'], { cwd });
    await work.shell.run('go', ['build', '-o', 'bin/', './...'], { cwd });
  },

  command(work, app) {
    return { command: `bin/${app === App.EXAMPLE ? 'home' : app}`, args: [], cwd: path.join(work.folder, 'app') };
  },
};
