// The messages as ladders, one for each Call-ID. Rows are buttons, which open the text of their message.

import {byId, clock, count, drawing, element, printable, setText, shortUri, show} from './view.js';

const MOST_LADDERS = 60;
const MOST_ROWS = 200; // of one ladder
const MOST_LANES = 8;
const MOST_NAMES = 500;
const MOVES_AFTER_MILLIS = 5000;

const MEANINGS = {
  'REGISTER': 'A phone tells the proxy at which contact its user can be reached.',
  'REGISTER 401': 'The proxy asks for the password: it sends a nonce, and the phone repeats its request with a hash over both.',
  'REGISTER 200': 'The proxy has accepted the request. The response lists the contacts that are registered now.',
  'INVITE': 'A phone calls. The proxy forwards the request to the contacts of the callee.',
  'INVITE 100': 'The request has arrived and is in progress: its sender stops retransmitting it.',
  'INVITE 180': 'The phone of the callee rings.',
  'INVITE 183': 'The call is in progress, perhaps with an announcement.',
  'INVITE 200': 'The callee has answered. The caller confirms with ACK.',
  'INVITE 401': 'The caller must prove its password first.',
  'INVITE 407': 'The proxy asks the caller for its password: the INVITE is repeated with a hash.',
  'INVITE 404': 'There is no such user.',
  'INVITE 480': 'The user is not registered or does not take calls now.',
  'INVITE 486': 'The callee is busy.',
  'INVITE 487': 'The call was ended before it was answered.',
  'ACK': 'The caller confirms the final response to its INVITE. An ACK has no response.',
  'CANCEL': 'The caller gives up before the call was answered.',
  'BYE': 'One side hangs up.',
  'BYE 200': 'The other side confirms the end of the call.',
  'OPTIONS': 'Asks what the other side can do; often only whether it responds.',
};

const ladders = new Map(); // by Call-ID
let all = []; // the one without messages for the longest time first
const names = new Map();
let rows = 0;
let last = 0;
let recording = '';
let missing = 0;
let since = '';

/** Names the peers that registered, by transport and address. */
export function namePeers(bindings) {
  for (const binding of bindings) {
    if (binding.flow) {
      name(binding.flow, binding.aor);
    }
  }
}

function name(peer, uri) {
  const user = shortUri(uri).split('@')[0];
  if (!user || names.get(peer) === user) {
    return;
  }
  names.set(peer, user);
  if (names.size > MOST_NAMES) {
    names.delete(names.keys().next().value);
  }
  all.forEach(ladder => ladder.lanes.includes(peer) && layOut(ladder));
}

/** Returns the query of the next poll. */
export const position = () => ({recording, after: last});

export function clear() {
  ladders.clear();
  all = [];
  byId('ladders').replaceChildren();
  rows = 0;
  missing = 0;
}

/** Reads the messages again from the beginning of the recording. */
export function restart() {
  clear();
  recording = '';
  last = 0;
}

/** Adds the response to a poll. */
export function add(polled) {
  if (recording && polled.recording !== recording) {
    byId('ladders').prepend(element('p', {class: 'gap'}, 'Not recorded while the page was hidden or not connected.'));
  }
  ({recording, last, since} = polled);
  missing += polled.missed;
  polled.messages.forEach(addMessage);
  removeOld();
  showNote();
}

export function showNote() {
  if (!since) {
    return; // not polled yet
  }
  const lost = missing ? ' ' + count(missing, 'message') + ' missing: more arrived than are kept.' : '';
  setText(byId('note-messages'), (rows === 0 ? 'No message' : count(rows, 'message')) + ' since ' + clock(since)
      + '; secrets are masked.' + lost);
  setText(byId('count-messages'), rows);
}

/** Decodes a text of one character for each byte. Bytes that are not UTF-8 become U+FFFD. */
export function decode(bytes) {
  return new TextDecoder().decode(Uint8Array.from(bytes, c => c.charCodeAt(0))).replaceAll('\r\n', '\n');
}

function addMessage(message) {
  const peer = message.transport + ':' + message.remote;
  if (message.method === 'REGISTER' && !message.status && message.direction === 'received' && message.to) {
    name(peer, message.to);
  }
  const ladder = ladderOf(message, peer);
  const first = ladder.rows.get(recording + message.retransmissionOf);
  if (first) {
    repeat(first, message);
    return;
  }
  const row = createRow(message, peer);
  ladder.rows.set(recording + message.number, row);
  ladder.list.append(row.item);
  rows++;
  if (peer === (ladder.lanes[0] ?? peer)) {
    showOutcome(ladder, message, row.label);
  }
  if (ladder.lanes.includes(peer)) {
    place(ladder, row);
    return;
  }
  ladder.lanes.push(peer);
  if (ladder.lanes.length === 1) {
    ladder.lanes.push('proxy');
  }
  layOut(ladder);
}

/** Shows the latest response to the first peer: the final one, until the request is sent again with credentials. */
function showOutcome(ladder, message, label) {
  const answersChallenge = !message.status && message.method === ladder.method && [401, 407].includes(ladder.final);
  if (message.status >= 200 || answersChallenge) {
    ladder.final = message.status;
  }
  if (message.status >= 200 || !ladder.final) {
    setText(ladder.outcome, message.status ? label : '');
    ladder.outcome.className = 'outcome ' + kind(message);
  }
}

/** Returns the ladder of a message. It moves to the top if it was silent, unless the reader is in it. */
function ladderOf(message, peer) {
  const key = message.callId ?? 'without Call-ID, ' + peer;
  const known = ladders.get(key);
  if (!known || known.lanes.length >= MOST_LANES && !known.lanes.includes(peer)) {
    return create(key, message);
  }
  const now = Date.now();
  if (now - known.active > MOVES_AFTER_MILLIS && !known.box.contains(document.activeElement)) {
    byId('ladders').prepend(known.box);
  }
  known.active = now;
  all = [...all.filter(one => one !== known), known];
  return known;
}

function create(key, message) {
  const users = [message.from, message.to].map(shortUri);
  const parties = message.method === 'REGISTER' || users[0] === users[1] ? users[1] : users[0] + ' → ' + users[1];
  const outcome = element('span', {class: 'outcome'});
  const title = element('h3', {}, (message.method ?? 'Not SIP') + ' ', element('span', {class: 'parties'}, parties), ' ', outcome);
  const heads = element('div', {class: 'heads', 'aria-hidden': 'true'});
  const list = element('ol', {});
  const scroller = element('div', {class: 'scroller'}, element('div', {class: 'ladder'}, heads, list));
  const box = element('article', {}, title, element('p', {class: 'call-id'}, message.callId ? 'Call-ID ' + key : key), scroller);
  const ladder = {box, heads, list, outcome, method: message.method, final: undefined, lanes: [], rows: new Map(), key, active: Date.now()};
  ladders.set(key, ladder);
  all.push(ladder);
  byId('ladders').prepend(box);
  return ladder;
}

function createRow(message, peer) {
  const text = decode(message.text);
  const first = text.split('\n', 1)[0];
  const label = (message.status ? first.replace(/^SIP\/2\.0 /i, '') : message.method ?? 'not SIP')
      + (message.branch ? ' (branch ' + message.branch + ')' : '');
  const id = 'message-' + message.number + '-' + message.time.replace(/\W/g, '');
  const time = element('span', {class: 'time'}, clock(message.time, true));
  const caption = element('span', {class: 'label'}, label);
  const arrow = drawing('line', {class: 'arrow', y1: 24, y2: 24});
  const tip = drawing('path', {class: 'tip'});
  const tipPlace = drawing('svg', {y: 24, overflow: 'visible'}, tip);
  const rails = drawing('g', {class: 'rails'});
  const image = drawing('svg', {class: 'lanes', 'aria-hidden': 'true'}, rails, arrow, tipPlace);
  const lanes = element('span', {class: 'area'}, image, caption);
  const button = element('button', {type: 'button', class: kind(message), 'aria-expanded': 'false', 'aria-controls': id}, time, lanes);
  const panel = element('div', {id, class: 'message', hidden: ''});
  const row = {message, peer, text, label, button, panel, caption, arrow, tip, tipPlace, rails, repeats: []};
  row.item = element('li', {}, button, panel);
  button.addEventListener('click', () => toggle(row));
  row.item.addEventListener('keydown', event => {
    if (event.key === 'Escape' && !panel.hidden) {
      toggle(row);
      button.focus();
    }
  });
  return row;
}

function kind(message) {
  if (!message.status) {
    return message.method ? 'request' : 'other';
  }
  return message.status < 200 ? 'provisional' : message.status < 300 ? 'success' : 'failure';
}

function repeat(row, message) {
  row.repeats.push(Math.round(new Date(message.time) - new Date(row.message.time)));
  describe(row);
  if (!row.panel.hidden) {
    fillPanel(row);
  }
}

function describe(row) {
  const label = row.label + (row.repeats.length ? ' ×' + (row.repeats.length + 1) : '');
  setText(row.caption, label);
  row.caption.title = printable(label);
  const isReceived = row.message.direction === 'received';
  const who = (names.has(row.peer) ? names.get(row.peer) + ', ' : '') + row.message.remote;
  row.button.setAttribute('aria-label', printable(label + (isReceived ? ' from ' + who : ' to ' + who) + ' at '
      + clock(row.message.time, true)));
}

/** Places all rows of a ladder, after the number of its lanes or a name has changed. */
function layOut(ladder) {
  ladder.box.style.setProperty('--lanes', ladder.lanes.length);
  ladder.heads.replaceChildren(...ladder.lanes.map(head));
  ladder.rows.forEach(row => place(ladder, row));
}

function place(ladder, row) {
  const width = 100 / ladder.lanes.length;
  const x = lane => width * (lane + 0.5) + '%';
  const at = ladder.lanes.indexOf(row.peer);
  const [from, to] = row.message.direction === 'received' ? [at, 1] : [1, at];
  row.arrow.setAttribute('x1', x(from));
  row.arrow.setAttribute('x2', x(to));
  row.tipPlace.setAttribute('x', x(to));
  row.tip.setAttribute('d', to > from ? 'M0 0l-9 -5v10z' : 'M0 0l9 -5v10z');
  const middle = width * (from + to + 1) / 2;
  const half = Math.min(middle, 100 - middle); // nothing else is in this row
  row.caption.style.left = middle - half + '%';
  row.caption.style.width = 2 * half + '%';
  row.rails.replaceChildren(...ladder.lanes.map((lane, i) => drawing('line', {x1: x(i), x2: x(i), y1: 0, y2: '100%'})));
  describe(row);
}

function head(lane) {
  if (lane === 'proxy') {
    return element('span', {}, element('b', {}, 'proxy'));
  }
  const address = lane.replace(/^udp:/, '').replace(/^(\w+):(.*)$/, (all, transport, rest) =>
    /^(tcp|tls|ws|wss)$/.test(transport) ? rest + '/' + transport : all);
  return names.has(lane)
      ? element('span', {}, element('b', {}, names.get(lane)), element('small', {}, address))
      : element('span', {}, element('b', {class: 'address'}, address));
}

function toggle(row) {
  const opens = row.panel.hidden;
  if (opens) {
    fillPanel(row);
  }
  show(row.panel, opens);
  row.button.setAttribute('aria-expanded', String(opens));
}

function fillPanel(row) {
  const {message, text} = row;
  const [source, target] = message.direction === 'received' ? [message.remote, message.local] : [message.local, message.remote];
  const meaning = MEANINGS[message.method + (message.status ? ' ' + message.status : '')];
  const body = element('pre', {tabindex: '0', 'aria-label': 'Text of the message'});
  let isHeader = false; // the start line is not, and nothing behind the empty line
  text.trimEnd().split('\n').forEach((line, i) => {
    const name = isHeader ? /^[A-Za-z0-9-]+(?=\s*:)/.exec(line)?.[0] ?? '' : '';
    body.append(i === 0 ? element('b', {}, line) : element('i', {}, name), i === 0 ? '' : printable(line.slice(name.length)), '\n');
    isHeader = line !== '' && (isHeader || i === 0);
  });
  row.panel.replaceChildren(
      element('p', {}, message.transport + ', ' + source + ' → ' + target + ', ' + count(message.text.length, 'byte')
          + (row.repeats.length ? '; retransmitted after ' + row.repeats.map(ms => ms + ' ms').join(', ') : '')),
      ...(meaning ? [element('p', {class: 'meaning'}, meaning)] : []),
      body);
}

/** Removes what is too much, but not what the reader is in. */
function removeOld() {
  for (const ladder of all) {
    for (const [key, row] of ladder.rows) {
      if (ladder.rows.size <= MOST_ROWS) {
        break;
      }
      if (!row.item.contains(document.activeElement)) {
        ladder.rows.delete(key);
        row.item.remove();
        rows--;
      }
    }
  }
  const kept = [];
  all.forEach((ladder, i) => {
    if (all.length - i <= MOST_LADDERS || ladder.box.contains(document.activeElement)) {
      kept.push(ladder);
      return;
    }
    ladder.box.remove();
    rows -= ladder.rows.size;
    if (ladders.get(ladder.key) === ladder) {
      ladders.delete(ladder.key);
    }
  });
  all = kept;
  byId('ladders').querySelectorAll('.gap').forEach((gap, i) => i > 2 && gap.remove());
}
