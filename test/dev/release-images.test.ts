import { expect } from 'chai';
import { releaseImages } from '../../dev/release/images.ts';

const OPERATOR = 'registry.example.com/ml/modeldeployment-operator:1.2.3';
const RUNTIME = 'registry.example.com/ml/modeldeployment-runtime:1.2.3';

describe('releaseImages', () => {
  for (const [name, platforms, platform] of [
    ['this machine’s platform', [], undefined],
    ['one platform', ['linux/arm64'], 'linux/arm64'],
  ] as const) {
    it(`are built under the release's names for ${name}`, () => {
      expect(releaseImages('registry.example.com/ml', '1.2.3', platforms)).to.deep.equal({
        builds: [
          { name: 'operator', reference: OPERATOR, platform },
          { name: 'runtime', reference: RUNTIME, platform },
        ],
        lists: [],
      });
    });
  }

  it('are built under names of their own for several, with a list under the name of the release', () => {
    const { builds, lists } = releaseImages('registry.example.com/ml/', '1.2.3', ['linux/amd64', 'linux/arm/v7']);
    expect(builds.map(({ reference, platform }) => [reference, platform])).to.deep.equal([
      [`${OPERATOR}-amd64`, 'linux/amd64'],
      [`${OPERATOR}-arm-v7`, 'linux/arm/v7'],
      [`${RUNTIME}-amd64`, 'linux/amd64'],
      [`${RUNTIME}-arm-v7`, 'linux/arm/v7'],
    ]);
    expect(lists).to.deep.equal([
      { reference: OPERATOR, of: [`${OPERATOR}-amd64`, `${OPERATOR}-arm-v7`] },
      { reference: RUNTIME, of: [`${RUNTIME}-amd64`, `${RUNTIME}-arm-v7`] },
    ]);
  });
});
