/** How the report looks, in light and in dark, on a desk and on a phone. */

/** Kinds by the number of their colour; each has a name beside it wherever it is used. */
const kindColours = ['#d1495b', '#00798c', '#edae49', '#7b5ea7', '#3a7d44', '#c8553d', '#5c6b73', '#b5179e'];

const kindRules = kindColours.map((colour, i) => `.k${i}{--k:${colour}}`).join('');
export const kindCount = kindColours.length;

export const style = `:root{color-scheme:light dark;--ink:#16202b;--dim:#536271;--line:#1767a8;--alarm:#c8384c;--shade:#d1495b2e;--truth:#5b3fb0;--paper:#f5f7f9;--card:#fff;--rule:#d9e0e6;--act:#0f6b3a;--ask:#8a5200;--observe:#4b5a68}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e8eef4;--dim:#a3b1bf;--line:#6cb6ff;--alarm:#ff7d8c;--shade:#ff7d8c38;--truth:#b9a2ff;--paper:#0e141a;--card:#172029;--rule:#2b3743;--act:#6bd697;--ask:#ffbe5c;--observe:#b4c2cf}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main,header,footer{max-width:1180px;margin:0 auto;padding:0 1.25rem}header{padding-top:1.75rem}footer{padding-bottom:2rem;color:var(--dim);font-size:.85rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.25rem 0 .5rem;overflow-wrap:anywhere}h3{font-size:1rem;margin:1.5rem 0 .5rem}h4{margin:0;font-size:.95rem}
p{margin:.35rem 0}.dim,figcaption span,caption{color:var(--dim)}.lead{font-size:1.02rem;max-width:75ch}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:.75rem;margin:1rem 0}.tiles div{background:var(--card);border:1px solid var(--rule);border-radius:.6rem;padding:.6rem .8rem}
dt{color:var(--dim);font-size:.82rem}dd{margin:0;font-size:1.25rem;font-weight:650;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}dd small{display:block;font-size:.78rem;font-weight:400;color:var(--dim);line-height:1.35}
.panel{background:var(--card);border:1px solid var(--rule);border-radius:.6rem;padding:.5rem .9rem .7rem}
figure{margin:0;padding:.4rem 0}figure+figure{border-top:1px solid var(--rule)}figcaption{display:flex;justify-content:space-between;gap:.2rem 1rem;flex-wrap:wrap;font-size:.84rem;line-height:1.4}figcaption b{font-weight:600;overflow-wrap:anywhere}
svg{display:block;width:100%;height:52px;overflow:visible}.tall svg{height:84px}.ribbon svg{height:18px}
path,line{fill:none;stroke:var(--line);stroke-width:1.2;vector-effect:non-scaling-stroke}.bars{stroke:var(--alarm)}.limit{stroke:var(--ink);stroke-dasharray:5 4;stroke-width:1}
.band{fill:var(--shade);stroke:none}.warm{fill:var(--dim);fill-opacity:.12;stroke:none}.empty{fill:var(--rule);fill-opacity:.35;stroke:none}.truth{fill:var(--truth);stroke:none}rect.kind{fill:var(--k)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:0 1.5rem}.two figure{border-top:1px solid var(--rule)}
.axis{display:flex;justify-content:space-between;gap:.5rem;color:var(--dim);font-size:.76rem;font-variant-numeric:tabular-nums;margin:.2rem 0 0}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;font-size:.82rem;margin:.2rem 0 .4rem;padding:0;list-style:none}.legend i{display:inline-block;width:.85rem;height:.85rem;border-radius:.2rem;margin-right:.4rem;vertical-align:-.1rem;background:var(--k)}.legend .s{--k:var(--shade)}.legend .t{--k:var(--truth)}.legend .w{--k:color-mix(in srgb,var(--dim) 25%,transparent)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:.8rem;padding:0;margin:.6rem 0;list-style:none}.cards li{background:var(--card);border:1px solid var(--rule);border-left:5px solid var(--k);border-radius:.6rem;padding:.7rem .9rem;font-size:.9rem;overflow-wrap:anywhere}.cards p{margin:.3rem 0}
.top{display:flex;justify-content:space-between;align-items:baseline;gap:.6rem}.verdict{font-weight:650;white-space:nowrap;border:1.5px solid;border-radius:1rem;padding:0 .6rem;font-size:.82rem}.act{color:var(--act)}.ask{color:var(--ask)}.observe{color:var(--observe)}
.meter{display:grid;grid-template-columns:minmax(0,9.5rem) 1fr 3rem;gap:.1rem .5rem;align-items:center;font-size:.82rem;margin:.4rem 0}.meter span:nth-child(3n+2){height:.5rem;border-radius:.25rem;background:linear-gradient(90deg,var(--k) var(--w),var(--rule) var(--w))}.meter span:nth-child(3n){text-align:right;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:.6rem;margin:.6rem 0}.scroll:focus-visible{outline:2px solid var(--line)}table{border-collapse:collapse;width:100%;font-size:.86rem;font-variant-numeric:tabular-nums}caption{text-align:left;padding:.5rem .8rem .2rem;font-size:.82rem}th,td{text-align:left;padding:.3rem .8rem;border-top:1px solid var(--rule);white-space:nowrap}thead th{border-top:0;color:var(--dim);font-weight:600}tbody th{font-weight:500}.missed{color:var(--alarm)}.day{white-space:nowrap}.kinds{display:inline-block;min-width:13rem;white-space:normal}
details>summary{cursor:pointer;padding:.3rem 0;font-weight:600}.notes{color:var(--dim);font-size:.88rem;padding-left:1.2rem}
@media(max-width:600px){body{font-size:16px}.axis span:nth-child(even){display:none}h1{font-size:1.35rem}main,header,footer{padding-left:.85rem;padding-right:.85rem}.tiles{grid-template-columns:repeat(2,1fr);gap:.5rem}dd{font-size:1.15rem}.panel{padding:.4rem .6rem .6rem}th,td{white-space:normal;padding:.3rem .5rem}.found{display:inline-block;min-width:9rem}
.blocks :is(table,caption,tbody,tr){display:block}.blocks thead{display:none}.blocks tr{border-top:1px solid var(--rule);padding:.45rem .8rem}.blocks tbody :is(th,td){display:grid;grid-template-columns:minmax(0,8rem) minmax(0,1fr);gap:.7rem;border:0;padding:.12rem 0;overflow-wrap:anywhere}.blocks tbody :is(th,td)::before{content:attr(data-of);color:var(--dim);font-weight:400}.blocks .found,.blocks .kinds{display:inline;min-width:0}}
@media print{html{font-size:12px}:root{color-scheme:light;-webkit-print-color-adjust:exact;print-color-adjust:exact}details:not([open])>*{display:block}details::details-content{content-visibility:visible}body{background:#fff;font-size:12px}figure,.cards li,.tiles div,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}th,td{white-space:normal}}
${kindRules}`;
