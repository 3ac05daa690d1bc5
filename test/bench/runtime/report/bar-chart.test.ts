import { expect } from 'chai';
import { barChart, type Bar } from '../../../../bench/runtime/report/bar-chart.ts';

const bar = (value: number, label = 'a'): Bar => ({ label, value, text: `${value}`, isOurs: false });
const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));

describe('the bar chart', () => {
  it('draws a tenfold value longer by the same step', () => {
    const [one, ten, hundred] = widths(barChart('rates', [bar(1), bar(10), bar(100)]));
    expect(ten! - one!).to.be.closeTo(hundred! - ten!, 0.2);
    expect(one).to.be.above(0);
  });

  it('escapes what would be markup', () => {
    const svg = barChart('a < b & c', [bar(1, '<script>')]);
    expect(svg).to.include('a &lt; b &amp; c').and.include('&lt;script&gt;');
    expect(svg).not.to.include('<script>');
  });

  it('refuses what has no logarithm', () => {
    expect(() => barChart('none', [])).to.throw(RangeError);
    expect(() => barChart('zero', [bar(0), bar(1)])).to.throw(RangeError);
  });
});
