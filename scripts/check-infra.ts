/**
 * Compiles the Bicep files if a compiler can be found, and prints one line that says what was checked and what was not.
 */
import { join } from 'node:path';
import { checkSyntax, findBicep, infra } from './bicep.ts';

const compiler = await findBicep();
if (compiler !== undefined) {
  const { code, err } = await compiler.run('build', join(infra, 'main.bicep'), '--stdout');
  process.stderr.write(err);
  const isClean = code === 0 && err.trim() === '';
  console.log(`infra: compiled by ${compiler.name}, ${isClean ? 'no warnings' : 'not clean'}`);
  process.exitCode = isClean ? 0 : 1;
} else {
  const checked = await checkSyntax();
  for (const fault of checked?.faults ?? []) console.error(fault);
  const advice = 'install bicep, the Azure CLI or a .NET SDK to compile it';
  if (checked === undefined) console.log(`infra: NOT checked at all, there is no compiler and no grammar: ${advice}`);
  else {
    console.log(`infra: NOT compiled, there is no compiler; read ${checked.files} files by grammar alone: ${advice}`);
  }
  process.exitCode = checked?.faults.length === 0 ? 0 : 1;
}
