/** Its script and style come with the page, data from the same server; nothing else is loaded. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** A plain page to search traces and look at one: everything comes from the query API on the same port. */
export function searchPage(basePath: string): string {
  return page.replaceAll('__BASE__', JSON.stringify(basePath).slice(1, -1).replace(/</g, '\\u003c'));
}

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Jaeger (embedded)</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<style>
body{font:14px/1.5 system-ui,sans-serif;margin:0;color:#222;background:#fafafa}
header{background:#14333d;color:#fff;padding:.6rem 1rem}header a{color:inherit;text-decoration:none}
main{padding:1rem;max-width:75rem}form{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin-bottom:1rem}
label{display:grid;font-size:12px;color:#555}input,select,button{font:inherit;padding:.25rem .4rem}
table{border-collapse:collapse;width:100%;background:#fff}td,th{border-bottom:1px solid #e4e4e4;padding:.3rem .5rem;text-align:left;vertical-align:top}
.error{color:#b3261e}.bar{position:relative;height:12px;background:#eef2f3;min-width:18rem}
.bar i{position:absolute;top:0;bottom:0;background:#5b9aa9;min-width:1px}.bar b{position:absolute;top:4px;height:4px;background:#111}
code{font-size:12px}
@media (prefers-color-scheme:dark){body{background:#15191b;color:#ddd}table{background:#1c2225}td,th{border-color:#333}label{color:#aaa}.bar{background:#2a3236}.bar b{background:#fff}a{color:#8cc7d6}}
</style></head><body>
<header><a href="__BASE__/">Jaeger <small>embedded</small></a></header>
<main id="main"></main>
<script>
const base='__BASE__', main=document.getElementById('main');
const el=(tag,props={},...kids)=>{const e=Object.assign(document.createElement(tag),props);e.append(...kids);return e};
const get=async p=>{const r=await fetch(base+p);const t=await r.text();let j;try{j=JSON.parse(t)}catch{throw new Error(t)}
 if(j.errors&&j.errors.length&&!r.ok)throw new Error(j.errors[0].msg);if(j.error)throw new Error(j.error.message||j.error);return j};
const ms=us=>us>=1e6?(us/1e6).toFixed(2)+' s':us>=1e3?(us/1e3).toFixed(2)+' ms':us.toFixed(0)+' µs';
const when=us=>new Date(us/1000).toISOString().replace('T',' ').slice(0,23);
const fail=e=>main.append(el('p',{className:'error'},String(e.message||e)));
async function search(){
 const q=new URLSearchParams(location.search);
 const services=(await get('/api/services')).data||[];
 const form=el('form');
 const field=(name,label,value)=>form.append(el('label',{},label,el('input',{name,value:q.get(name)??value})));
 const sel=el('select',{name:'service'});for(const s of services)sel.append(el('option',{selected:s===q.get('service')},s));
 form.append(el('label',{},'Service',sel));
 field('operation','Operation','');field('tags','Tags (error=true http.status_code=500)','');field('minDuration','Min duration','');
 field('maxDuration','Max duration','');field('lookback','Lookback','1h');field('limit','Limit','20');
 form.append(el('button',{},'Find traces'));main.append(form);
 form.onsubmit=e=>{e.preventDefault();const p=new URLSearchParams([...new FormData(form)].filter(([,v])=>v!==''));location.search=p};
 if(!q.get('service')&&!services.length){main.append(el('p',{},'No spans have arrived yet.'));return}
 if(!q.get('service'))q.set('service',services[0]);if(!q.get('limit'))q.set('limit','20');if(!q.get('lookback')&&!q.get('start'))q.set('lookback','1h');
 const {data}=await get('/api/traces?'+q);
 main.append(el('p',{},data.length+' traces'));
 const table=el('table',{},el('tr',{},...['Start','Trace','Root','Duration','Spans','Services'].map(h=>el('th',{},h))));
 for(const t of data){const ids=new Set(t.spans.map(s=>s.spanID));
  const root=t.spans.find(s=>!s.references.some(r=>ids.has(r.spanID)))||t.spans[0];
  const start=Math.min(...t.spans.map(s=>s.startTime)),end=Math.max(...t.spans.map(s=>s.startTime+s.duration));
  const errors=t.spans.filter(s=>s.tags.some(k=>k.key==='error'&&k.value===true)).length;
  table.append(el('tr',{},el('td',{},when(start)),el('td',{},el('a',{href:base+'/trace/'+t.traceID},t.traceID)),
   el('td',{},t.processes[root.processID].serviceName+': '+root.operationName),el('td',{},ms(end-start)),
   el('td',{className:errors?'error':''},t.spans.length+(errors?' ('+errors+' errors)':'')),
   el('td',{},[...new Set(Object.values(t.processes).map(p=>p.serviceName))].join(', '))))}
 main.append(table)}
async function trace(id){
 const path=await get('/api/lab/traces/'+id+'/critical-path');
 const t=(await get('/api/traces/'+id)).data[0];const byId=new Map(t.spans.map(s=>[s.spanID,s]));
 main.append(el('h2',{},id),el('p',{},when(path.startUnixMicros)+' · '+ms(path.durationMicros)+' · '+t.spans.length+' spans · ',
  el('a',{href:base+'/api/traces/'+id+'?prettyPrint=true'},'JSON'),' · ',el('a',{href:base+'/api/v3/traces/'+id},'OTLP JSON')));
 for(const w of path.warnings)main.append(el('p',{className:'error'},w));
 const table=el('table',{},el('tr',{},...['Span','Duration','Self','Critical path','Tags'].map(h=>el('th',{},h)),el('th',{},'Timeline (black: critical path)')));
 const from=Math.min(...path.spans.map(s=>s.startUnixMicros)),to=Math.max(...path.spans.map(s=>s.startUnixMicros+s.durationMicros)),w=Math.max(1,to-from);
 const at=(tag,s,d)=>{const e=el(tag);e.style.left=100*(s-from)/w+'%';e.style.width=100*d/w+'%';return e};
 for(const s of path.spans){const bar=el('div',{className:'bar'},at('i',s.startUnixMicros,s.durationMicros),
   ...path.sections.filter(c=>c.spanId===s.spanId).map(c=>at('b',c.startUnixMicros,c.durationMicros)));
  const u=byId.get(s.spanId);const name=el('td',{className:s.error?'error':''},s.service+': '+s.operation);name.style.paddingLeft=.5+s.depth+'rem';
  const tags=el('details',{},el('summary',{},(u?u.tags.length:0)+' tags'),...(u?u.tags.map(k=>el('div',{},el('code',{},k.key+'='+k.value))):[]),
   ...(u?u.logs.map(l=>el('div',{},el('code',{},l.fields.map(k=>k.key+'='+k.value).join(' ')))):[]),...(u&&u.warnings?u.warnings.map(x=>el('div',{className:'error'},x)):[]));
  table.append(el('tr',{},name,el('td',{},ms(s.durationMicros)),el('td',{},ms(s.selfMicros)),el('td',{},ms(s.criticalMicros)),el('td',{},tags),el('td',{},bar)))}
 main.append(table)}
const m=location.pathname.match(/\\/trace\\/([0-9a-fA-F]+)$/);(m?trace(m[1]):search()).catch(fail);
</script></body></html>
`;
