/** What belongs beside the bundles in a cloud assembly: the bill of materials and the licences. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './billOfMaterials.ts';
import { bundledPackages } from './bundled.ts';
import { licenceTexts } from './licences.ts';

export const billFile = 'sbom.cdx.json';
export const licencesFile = 'third-party-licences.txt';

/** @param bundles folder of the bundles @param outdir of the cloud assembly */
export function writeBills(bundles: string, outdir: string): void {
  const packages = bundledPackages(bundles);
  writeFileSync(join(outdir, billFile), billOfMaterials(packages));
  writeFileSync(join(outdir, licencesFile), licenceTexts(packages));
}
