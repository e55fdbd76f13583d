/** Of pages about runs, besides that of all pages and of the chart library. */
export const runsStyle = `
.controls { position: sticky; top: 0; z-index: 3; display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: center; padding: 8px 0; margin: 1em 0 0; background: var(--page); border-bottom: 1px solid var(--rule); font-size: 13px; }
.controls[hidden], .find[hidden] { display: none; }
.controls label { display: inline-flex; align-items: center; gap: 6px; }
.controls input[type=range] { width: 110px; accent-color: var(--focus); }
.controls output { min-width: 2.2em; font-variant-numeric: tabular-nums; }
.controls select, .controls button, .find input[type=search] { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--rule); border-radius: 5px; padding: 2px 8px; }
.controls button:disabled { opacity: .45; }
.hint { color: var(--faint); }
.group { font-size: 1.1em; margin: 1.2em 0 .2em; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 390px), 1fr)); gap: 14px 18px; }
.plot { display: flex; flex-direction: column; margin: 0; min-width: 0; border: 1px solid var(--rule); border-radius: 6px; padding: 8px 8px 4px; }
.plot figcaption { font-weight: 600; font-size: 14px; line-height: 1.3; overflow-wrap: anywhere; }
@media (max-width: 640px) { .controls { position: static; } .hint { display: none; } }
.plot .place { margin-top: auto; min-width: 0; }
.plot .uplot { font-family: inherit; }
.plot .u-over { cursor: crosshair; }
.plot .u-select { background: light-dark(#0072b222, #6cb6f533); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0 10px; margin: 2px 0 4px; padding: 0; font-size: 12.5px; }
.legend button { font: inherit; color: inherit; background: none; border: 0; padding: 1px 2px; display: inline-flex; align-items: center; gap: 5px; cursor: pointer; max-width: 100%; }
.legend button[aria-pressed=false] { opacity: .4; text-decoration: line-through; }
.legend .name { max-width: 15em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.legend.alone .name { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.legend .value { font-weight: 600; font-variant-numeric: tabular-nums; min-width: 3.6em; text-align: left; }
.sign { flex: none; vertical-align: middle; }
.tip { position: fixed; z-index: 5; pointer-events: none; background: var(--page); border: 1px solid var(--rule); border-radius: 6px; box-shadow: 0 2px 12px #0004; padding: 5px 9px; font-size: 12.5px; line-height: 1.45; max-width: min(340px, 80vw); }
.tip[hidden] { display: none; }
.tip table { font-variant-numeric: tabular-nums; }
.tip td { padding: 0 8px 0 0; }
.tip td:nth-child(2) { overflow-wrap: anywhere; }
.tip td:last-child { text-align: right; white-space: nowrap; padding: 0; }
.tag { display: inline-block; border-left: 4px solid; padding: 0 6px; white-space: nowrap; }
.find { display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: center; font-size: 13px; margin: .4em 0; }
.changed { background: var(--fair); }
.changed td:first-child code { font-weight: 700; }
.changed td:first-child { box-shadow: -6px 0 0 var(--fair); border-left: 3px solid #e69f00; padding-left: 6px; }
#summary .wide th[scope=row] { min-width: 11em; }
#summary .wide td:nth-last-child(-n+2) { min-width: 14em; }
#live::before { content: ''; display: inline-block; width: .7em; height: .7em; border-radius: 50%; background: #009e73; margin-right: .5em; }
#live.lost::before { background: #d55e00; }
@media print {
  .controls, .tip, .find { display: none; }
  .plots { display: block; }
  .plot { display: inline-flex; box-sizing: border-box; width: 48%; vertical-align: top; margin: 0 1% 8px; break-inside: avoid; }
  .plot .uplot { max-width: 100%; }
}
`;
