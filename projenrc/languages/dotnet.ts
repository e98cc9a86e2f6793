import * as fs from 'fs';
import * as path from 'path';
import { LanguageError } from './error';
import { Language } from './language';
import { packages, pacmak } from './pacmak';

/** The sources of a project. */
export const dotnet: Language = {
  name: 'dotnet',
  tools: [],

  async package(work) {
    await pacmak(work, 'dotnet', ['--code-only']);
    const folder = path.join(packages(work, 'dotnet'), 'Cdk8sHomeLoadBalancer');
    const missing = ['Cdk8sHomeLoadBalancer.csproj', 'Cdk8sHomeLoadBalancer/HomeLoadBalancer.cs'].find((file) => !fs.existsSync(path.join(folder, file)));
    if (missing) throw new LanguageError('ERR_LANGUAGE_PACKAGE', `the sources have no ${missing}`);
    return [folder];
  },
};
