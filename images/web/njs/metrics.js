/**
 * What all services say of themselves, in the text format of Prometheus: each writes it into a folder in memory
 * (images/metrics/write-metrics), and the web server adds its own counts.
 */
// biome-ignore lint/style/useNodejsImportProtocol: nginx knows its modules by these names alone.
import fs from 'fs';

const services = ['gateway', 'turn', 'web'];
/** Each service writes every ten seconds; what is older than this, in seconds, is of one that no longer does. */
const stale = 30;
/** The largest is the gateway's, of some 6 KiB. */
const most = 64 << 10;

async function serve(r) {
  const status = await r.subrequest('/nginx-status');
  r.headersOut['Content-Type'] = 'text/plain; version=0.0.4; charset=utf-8';
  r.return(200, together([ages(), nginx(status.responseText)].concat(services.map(written))));
}

const file = (service) => `/metrics/${service}/metrics`;

/** Seconds since a service has written; undefined where it never has. */
function age(service) {
  try {
    return (Date.now() - fs.statSync(file(service)).mtimeMs) / 1000;
  } catch (_) {
    return undefined;
  }
}

const isFresh = (service) => age(service) !== undefined && age(service) < stale;

/** What a service has written: nothing rather than what it was long ago. */
function written(service) {
  // The services are apart from each other: none has another's files given out in the place of its own.
  const isOwn = isFresh(service) && fs.lstatSync(file(service)).isFile();
  return isOwn && fs.statSync(file(service)).size < most ? fs.readFileSync(file(service), 'utf8') : '';
}

const family = (name, type, help, samples) =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join('')}`;

const ages = () =>
  family(
    'service_up',
    'gauge',
    'Whether the service has written its metrics lately.',
    services.map((service) => `{service="${service}"} ${isFresh(service) ? 1 : 0}`),
  );

/** From the page of the module stub_status. */
function nginx(page) {
  const counts = page.match(/\d+/g);
  return [
    family('nginx_connections', 'gauge', 'Connections by what nginx does with them.', [
      `{state="reading"} ${counts[4]}`,
      `{state="writing"} ${counts[5]}`,
      `{state="waiting"} ${counts[6]}`,
    ]),
    family('nginx_connections_accepted_total', 'counter', 'Connections that were accepted.', [
      ` ${counts[1]}`,
    ]),
    family('nginx_connections_dropped_total', 'counter', 'Connections that were accepted and not handled.', [
      ` ${counts[1] - counts[2]}`,
    ]),
    family('nginx_requests_total', 'counter', 'Requests.', [` ${counts[3]}`]),
  ].join('');
}

/** All samples of a family have to follow each other, below one description, whichever service they are from. */
function together(texts) {
  const families = {};
  texts
    .join('')
    .split(/^(?=# HELP )/m)
    .forEach((text) => {
      const name = text.split(' ')[2];
      families[name] = families[name] ? families[name] + text.replace(/^# .*\n/gm, '') : text;
    });
  return Object.keys(families)
    .sort()
    .map((name) => families[name])
    .join('');
}

export default { serve };
