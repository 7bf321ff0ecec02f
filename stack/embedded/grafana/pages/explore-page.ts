import type { DataSource } from '../provisioning/data-sources.ts';
import { layout, scriptJson } from './layout.ts';

/**
 * A box for a query and a table of its result. Understands Grafana's links
 * (`/explore?schemaVersion=1&panes={"a":{"datasource":…,"queries":[…],"range":…}}`), so a check's link leads here.
 * Prometheus and Loki queries run through the data source proxy; for Jaeger a trace ID, or a service's name and
 * conditions: `gateway error=true minDuration=300ms`.
 */
export function explorePage(sources: readonly DataSource[]): string {
  return layout(
    'Explore',
    `<form id="form"><div><select name="source" aria-label="Data source"></select>
<label>From <input name="from" value="now-1h" size="14"></label><label>To <input name="to" value="now" size="14"></label>
<select name="mode" aria-label="Query type"><option value="instant">Instant</option><option value="range">Range</option></select><button>Run query</button></div>
<textarea name="query" rows="3" aria-label="Query" placeholder="PromQL, LogQL, or a trace ID"></textarea></form>
<p id="status" role="status"></p><div id="result"></div>`,
    `const sources=${scriptJson(sources.map(({ uid, name, type, isDefault }) => ({ uid, name, type, isDefault })))};${script}`,
  );
}

const script = `
const form=document.getElementById('form'),out=document.getElementById('result'),status_=document.getElementById('status');
const el=(tag,props={},...kids)=>{const e=Object.assign(document.createElement(tag),props);e.append(...kids);return e};
for(const s of sources)form.source.append(el('option',{value:s.uid,selected:s.isDefault},s.name));
const time=text=>{text=String(text);if(/^\\d+$/.test(text))return Number(text);
 const m=text.match(/^now(?:-(\\d+)([smhdw]))?$/);if(m)return Date.now()-(m[1]?m[1]*{s:1e3,m:6e4,h:36e5,d:864e5,w:6048e5}[m[2]]:0);
 const t=Date.parse(text);if(Number.isNaN(t))throw new Error('"'+text+'" is no time: use now-1h, a date, or milliseconds');return t};
const when=ms=>new Date(ms).toISOString().replace('T',' ').slice(0,23);
async function ask(uid,path){const r=await fetch('/api/datasources/proxy/uid/'+encodeURIComponent(uid)+path);const t=await r.text();
 let j;try{j=JSON.parse(t)}catch{throw new Error(t||r.statusText)}
 if(!r.ok)throw new Error(j.error&&j.error.message||j.error||j.message||(j.errors&&j.errors[0].msg)||t);return j}
const labels=m=>{const {__name__:n='',...rest}=m;const l=Object.entries(rest).map(([k,v])=>k+'='+JSON.stringify(v)).join(', ');return n+(l||!n?'{'+l+'}':'')};
function table(head,rows){out.append(el('p',{},rows.length+' rows'),el('table',{},el('tr',{},...head.map(h=>el('th',{},h))),...rows.slice(0,1000).map(r=>el('tr',{},...r.map(c=>el('td',{},c))))))}
function show(data){const r=data.result;
 if(data.resultType==='scalar'||data.resultType==='string')table(['Time','Value'],[[when(r[0]*1000),r[1]]]);
 else if(data.resultType==='vector')table(['Series','Value'],r.map(s=>[labels(s.metric),s.value?s.value[1]:JSON.stringify(s.histogram)]));
 else if(data.resultType==='matrix')table(['Series','Points','First','Min','Max','Last'],r.map(s=>{const v=(s.values||[]).map(p=>Number(p[1])).filter(n=>!Number.isNaN(n)),last=s.values[s.values.length-1];
  return [labels(s.metric),String(v.length),s.values[0][1]+' at '+when(s.values[0][0]*1000),v.length?String(Math.min(...v)):'NaN',v.length?String(Math.max(...v)):'NaN',last[1]+' at '+when(last[0]*1000)]}));
 else if(data.resultType==='streams'){const lines=r.flatMap(s=>s.values.map(v=>({ns:BigInt(v[0]),line:v[1],labels:labels(s.stream)}))).sort((a,b)=>a.ns<b.ns?1:-1);
  table(['Time','Line','Labels'],lines.map(l=>[when(Number(l.ns/1000000n)),l.line,l.labels]))}
 else table(['Result'],[[JSON.stringify(data)]])}
async function run(){
 out.replaceChildren();status_.className='';status_.textContent='Asking…';
 try{const s=sources.find(x=>x.uid===form.source.value),q=form.query.value.trim();
  if(!s)throw new Error('No data source is provisioned.');
  if(!q){status_.textContent='';return}
  const from=time(form.from.value),to=time(form.to.value),step=Math.max(1,Math.ceil((to-from)/250000));
  const field=s.type==='jaeger'?{query:q}:{expr:q};
  history.replaceState(null,'','/explore?schemaVersion=1&panes='+encodeURIComponent(JSON.stringify({a:{datasource:s.uid,queries:[{refId:'A',datasource:{type:s.type,uid:s.uid},...field,...(form.mode.value==='range'?{range:true}:{instant:true})}],range:{from:form.from.value,to:form.to.value}}})));
  if(s.type==='prometheus')show((await ask(s.uid,form.mode.value==='range'?'/api/v1/query_range?'+new URLSearchParams({query:q,start:from/1000,end:to/1000,step}):'/api/v1/query?'+new URLSearchParams({query:q,time:to/1000}))).data);
  else if(s.type==='loki')show((await ask(s.uid,'/loki/api/v1/query_range?'+new URLSearchParams({query:q,start:Math.round(from)+'000000',end:Math.round(to)+'000000',limit:500,step}))).data);
  else if(s.type==='jaeger'&&/^[0-9a-f]{1,32}$/i.test(q)){const t=(await ask(s.uid,'/api/v3/traces/'+q)).result;
   const spans=t.resourceSpans.flatMap(r=>{const n=((r.resource.attributes||[]).find(a=>a.key==='service.name')||{value:{}}).value.stringValue||'';return r.scopeSpans.flatMap(c=>c.spans.map(x=>({...x,service:n})))}).sort((a,b)=>BigInt(a.startTimeUnixNano||0)<BigInt(b.startTimeUnixNano||0)?-1:1);
   table(['Start','Service','Operation','Duration ms','Status','Span','Parent'],spans.map(x=>[when(Number(BigInt(x.startTimeUnixNano||0)/1000000n)),x.service,x.name||'',String(Number(BigInt(x.endTimeUnixNano||0)-BigInt(x.startTimeUnixNano||0))/1e6),x.status&&x.status.code===2?'error':'',x.spanId,x.parentSpanId||'']))}
  else if(s.type==='jaeger'){const [name,...conditions]=q.split(/\\s+/),tags={},durations={};
   for(const c of conditions){const i=c.indexOf('=');if(i<1)throw new Error('"'+c+'" is no condition: use error=true, http.route=/x or minDuration=300ms');
    const k=c.slice(0,i),v=c.slice(i+1);if(k==='minDuration'||k==='maxDuration')durations['query.duration'+k.slice(0,3).replace('m','M')]=v;else tags[k]=v}
   const r=await ask(s.uid,'/api/v3/trace-summaries?'+new URLSearchParams({'query.serviceName':name,...durations,...(Object.keys(tags).length?{'query.attributes':JSON.stringify(tags)}:{}),'query.startTimeMin':new Date(from).toISOString(),'query.startTimeMax':new Date(to).toISOString(),'query.searchDepth':'50'}));
   table(['Start','Trace','Root','Duration ms','Spans','Errors'],(r.summaries||[]).map(x=>{const a=el('a',{href:'#'},x.traceId);a.onclick=e=>{e.preventDefault();form.query.value=x.traceId;run()};
    return [when(Number(BigInt(x.minStartTimeUnixNano||0)/1000000n)),a,(x.rootServiceName||'')+': '+(x.rootOperationName||''),String(Number(BigInt(x.maxEndTimeUnixNano||0)-BigInt(x.minStartTimeUnixNano||0))/1e6),String(x.spanCount),String(x.errorSpanCount||0)]}))}
  else throw new Error('Explore cannot query a data source of type '+s.type);
  status_.textContent=''}
 catch(e){status_.className='error';status_.textContent=e.message||String(e)}}
form.onsubmit=e=>{e.preventDefault();run()};
try{const p=new URLSearchParams(location.search),panes=p.get('panes');
 if(panes){const pane=Object.values(JSON.parse(panes))[0]||{},q=(pane.queries||[])[0]||{};
  const uid=(q.datasource&&q.datasource.uid)||(typeof q.datasource==='string'&&q.datasource)||(pane.datasource&&pane.datasource.uid)||pane.datasource;
  if(sources.some(s=>s.uid===uid))form.source.value=uid;else{const s=sources.find(s=>s.name===uid);if(s)form.source.value=s.uid}
  form.query.value=q.expr||(typeof q.query==='string'?q.query:'')||q.service||'';
  if(q.range&&!q.instant)form.mode.value='range';
  if(pane.range){form.from.value=pane.range.from||'now-1h';form.to.value=pane.range.to||'now'}
  run()}}
catch(e){status_.className='error';status_.textContent='The address cannot be read: '+e.message}
`;
