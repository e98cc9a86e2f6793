import * as fs from 'fs';
import * as path from 'path';
import { App, Language } from './language';
import { packages, pacmak } from './pacmak';

/** A wheel, installed into a virtual environment. */
export const python: Language = {
  name: 'python',
  fence: 'python',
  tools: [{ name: 'Python 3.10 with venv', command: 'python3', args: ['-c', 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))'] }],

  async package(work) {
    await pacmak(work, 'python');
    const folder = packages(work, 'python');
    return fs.readdirSync(folder).filter((name) => name.endsWith('.whl')).map((name) => path.join(folder, name));
  },

  async build(work, sources) {
    fs.cpSync(path.join(work.root, 'examples/languages/python'), path.join(work.folder, 'app'), { recursive: true });
    for (const [app, text] of Object.entries(sources)) {
      fs.writeFileSync(path.join(work.folder, `${app}.py`), text);
    }
    const [wheel] = fs.readdirSync(packages(work, 'python')).filter((name) => name.endsWith('.whl'));
    await work.shell.run('python3', ['-m', 'venv', 'venv'], { cwd: work.folder });
    await work.shell.run('venv/bin/pip', ['install', `packages/python/${wheel}`, '-r', 'app/requirements.txt'], { cwd: work.folder });
  },

  async refuse(work) {
    const { output } = await work.shell.run('venv/bin/python', [path.join(work.root, 'projenrc/languages/bad_input.py')], { cwd: work.folder });
    return output.trim().split('\n').pop()!;
  },

  command(work, app) {
    return { command: 'venv/bin/python', args: [app === App.EXAMPLE ? 'app/main.py' : `${app}.py`], cwd: work.folder };
  },
};
