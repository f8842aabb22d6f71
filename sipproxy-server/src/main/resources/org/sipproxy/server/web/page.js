// Polls the server while the page is visible, and shows its responses.

import * as ladder from './ladder.js';
import {byId, clock, count, duration, element, megabytes, nameRoles, printable, setText, shortUri, show, showRows} from './view.js';

const MESSAGES_MILLIS = 1000;
const LISTS_MILLIS = 2000;
const LONGEST_MILLIS = 10000;
const HIDDEN_MILLIS = 4000; // the server ends a recording without polls after 10 s
const GOES_ON_MILLIS = 300000;
const TIMEOUT_MILLIS = 8000;
const POINTS = 60;
const NOTHING_AFTER = 999999999999999;

const viewer = [...crypto.getRandomValues(new Uint8Array(8))].map(b => b.toString(16).padStart(2, '0')).join('');
let softphone = null;
let before = null; // the figures of the poll before
let known = null; // contacts and calls that were announced to the reader
const rates = [];

class Refused extends Error {}

// ---- requests

function token() {
  const given = /^#token=([0-9a-fA-F]+)$/.exec(location.hash);
  if (given) {
    sessionStorage.setItem('token', given[1]);
    history.replaceState(null, '', location.pathname); // not to be seen, copied or kept in the history
  }
  return sessionStorage.getItem('token');
}

async function get(path, query = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== '');
  const url = path + (pairs.length ? '?' + new URLSearchParams(pairs) : '');
  const secret = token();
  const response = await fetch(url, {
    headers: secret ? {Authorization: 'Bearer ' + secret} : {},
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(TIMEOUT_MILLIS),
  });
  if (response.status === 401) {
    throw new Refused();
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw Object.assign(new Error(body.error ?? 'status ' + response.status), {isAnswer: true});
  }
  return body;
}

// ---- polling

/**
 * Repeats a task while the page is visible, at once when it becomes visible, and later after failures. It goes on for a
 * while when the page is hidden: a reader who turns to a softphone wants to see its messages afterwards.
 */
class Poll {
  constructor(millis, task, failed, goesOnMillis = 0) {
    Object.assign(this, {millis, task, failed, goesOnMillis});
    Object.assign(this, {timer: 0, failures: 0, isRunning: false, isWanted: false, hiddenAt: Date.now()});
    document.addEventListener('visibilitychange', () => {
      this.hiddenAt = Date.now();
      if (this.hasStarted) {
        this.now();
      }
    });
  }

  rests() {
    return document.hidden && Date.now() - this.hiddenAt >= this.goesOnMillis;
  }

  async now() {
    this.hasStarted = true;
    clearTimeout(this.timer);
    if (this.isRunning || this.rests()) {
      this.isWanted = this.isRunning;
      return;
    }
    this.isRunning = true;
    let pause = 0;
    try {
      pause = await this.task() ? 0 : document.hidden ? HIDDEN_MILLIS : this.millis;
      this.failures = 0;
    } catch (error) {
      this.failures++;
      this.failed(error);
      pause = error instanceof Refused ? Infinity : Math.min(LONGEST_MILLIS, this.millis * this.failures);
    }
    this.isRunning = false;
    if (this.isWanted || pause < Infinity) {
      this.timer = setTimeout(() => this.now(), this.isWanted ? 0 : pause);
    }
    this.isWanted = false;
  }
}

const lists = new Poll(LISTS_MILLIS, async () => {
  softphone ??= await get('api/softphone');
  const filter = byId('filter').value.trim();
  const [status, registrations, calls, gateways] = await Promise.all([
    get('api/status'), part('api/registrations', {filter}), part('api/calls'), part('api/gateways')]);
  showTrouble('');
  showContent(true);
  showStatus(status);
  if (!registrations.error) {
    ladder.namePeers(registrations.bindings);
  }
  showRegistrations(registrations, filter);
  showCalls(calls);
  showSoftphone(status, registrations, filter);
  showStatistics(status.figures);
  showGateways(gateways);
  if (!registrations.error && !calls.error) {
    announce(registrations, calls, status, filter);
  }
}, failed);

/** Returns what a list cannot show as a text beside it, so that the others are shown. */
async function part(path, query) {
  try {
    return await get(path, query);
  } catch (error) {
    if (error.isAnswer) {
      return {error: error.message};
    }
    throw error;
  }
}

const messages = new Poll(MESSAGES_MILLIS, async () => {
  const user = shortUri(byId('user').value.trim());
  const isPaused = document.hidden || byId('pause').getAttribute('aria-pressed') === 'true';
  const position = {...ladder.position(), ...(isPaused ? {after: NOTHING_AFTER} : {})}; // a poll keeps the recording
  const polled = await get('api/messages', {viewer, user, ...position});
  if (isPaused || user !== shortUri(byId('user').value.trim())) {
    return false;
  }
  ladder.add(polled);
  return polled.more;
}, error => error.isAnswer ? setText(byId('note-messages'), 'No messages: ' + error.message + '.') : failed(error), GOES_ON_MILLIS);

function failed(error) {
  if (error instanceof Refused) {
    showContent(false);
    setText(byId('refused'), sessionStorage.getItem('token') ? 'This is not the token of the server.' : '');
    sessionStorage.removeItem('token');
    if (byId('login').hidden) {
      show(byId('login'), true);
      byId('token').focus();
    }
    return;
  }
  showTrouble(error.isAnswer ? 'The server reports: ' + error.message + '. Trying again.'
      : 'The server does not respond. What you see is from ' + (before ? clock(before.at) : 'before') + '. Trying again.');
}

function showTrouble(text) {
  setText(byId('trouble'), text);
  show(byId('trouble'), text !== '');
}

function showContent(isShown) {
  if (byId('content').hidden === isShown) {
    show(byId('content'), isShown);
    show(byId('sections'), isShown);
    show(byId('login'), !isShown);
    if (isShown) {
      messages.now();
    }
  }
}

// ---- header

function showStatus(status) {
  const health = status.health.toLowerCase().replace('_', ' ');
  const state = byId('state');
  state.className = 'state ' + (status.state !== 'RUNNING' ? 'warn' : health === 'ready' ? 'good' : 'warn');
  setText(state.querySelector('.word'), status.state.toLowerCase() + ', ' + health);
  show(state, true);
  setText(byId('facts'), 'up ' + duration(status.uptime) + ', version ' + status.version + ', domain '
      + status.domains.join(' ') + ', listens on ' + status.listen.join(' '));
  const lines = [...status.problems];
  if (!status.store.databaseAnswers) {
    lines.push('the database does not respond; changes that wait to be written: ' + status.store.waiting);
  }
  const problems = byId('problems');
  if (problems.textContent !== lines.map(printable).join('')) {
    problems.replaceChildren(...lines.map(line => element('li', {}, line)));
  }
  show(problems, lines.length > 0);
}

// ---- lists

function showRegistrations(shown, filter) {
  const bindings = shown.bindings ?? [];
  showRows(byId('bindings'), bindings.map(binding => ({
    key: binding.aor + ' ' + binding.contact + ' ' + binding.callId,
    cells: [shortUri(binding.aor), shortUri(binding.contact), binding.flow ?? binding.received ?? '', duration(binding.expiresIn),
      binding.userAgent || '–'],
  })));
  const rest = shown.total - bindings.length;
  setText(byId('note-registrations'), shown.error ?? (bindings.length === 0
      ? filter ? 'No registered user contains “' + filter + '”.' : 'No phone is registered.'
      : rest > 0 ? rest + ' more are not shown; enter a user.' : ''));
}

function showCalls(shown) {
  const calls = shown.calls ?? [];
  showRows(byId('call-list'), calls.map(call => ({
    key: call.callId + call.startedAt + (call.target ?? ''),
    cells: [shortUri(call.from), shortUri(call.to), call.state, clock(call.startedAt), call.answeredAt ? duration(call.duration) : '–'],
  })));
  const rest = shown.total - calls.length;
  setText(byId('note-calls'), shown.error ?? (calls.length === 0 ? 'No call is in progress.'
      : rest > 0 ? rest + ' more are not shown.' : ''));
  setText(byId('count-calls'), shown.total ?? '–');
}

/** Shows what to enter in a softphone, until one is registered. */
function showSoftphone(status, registrations, filter) {
  const users = status.figures.users;
  setText(byId('count-registrations'), filter ? users : registrations.total ?? users);
  const isMissing = softphone.user
      ? !(registrations.bindings ?? []).some(binding => shortUri(binding.aor).split('@')[0] === softphone.user)
      : users === 0 && (registrations.total ?? 0) === 0;
  if (filter) {
    return; // the list is not complete
  }
  show(byId('softphone'), isMissing);
  if (!isMissing || byId('values').childElementCount) {
    return;
  }
  const pairs = [['Domain', status.domains.join(' or ')],
    ['Server or proxy', status.listen.map(server).join(' or ')],
    ['User', softphone.user ?? 'a subscriber of the domain'],
    ['Password', softphone.password ?? 'the one of this subscriber']];
  byId('values').replaceChildren(...pairs.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]));
  setText(byId('then'), softphone.answering.length ? 'Then call ' + softphone.answering.join(' or ') + ': they answer, without sound.' : '');
}

/** Returns a listening point such as "192.0.2.1:5060 (TCP)". */
function server(endpoint) {
  const [, transport, address] = /^(\w+):(\S+)/.exec(endpoint.replace(/^.* advertise (.*)$/, (all, advertised) =>
    endpoint.split(':')[0] + ':' + advertised));
  const isLocal = /^(localhost|127\.|\[::1\])/.test(location.host);
  const host = isLocal ? 'this machine’s address' : location.hostname;
  return address.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, host) + ' (' + transport.toUpperCase() + ')';
}

function showGateways({gateways = [], trunks = []}) {
  const all = gateways.length + trunks.length;
  show(byId('gateways'), all > 0);
  show(byId('link-gateways'), all > 0);
  setText(byId('count-gateways'), all);
  showRows(byId('members'), gateways.map(member => ({
    key: member.set + ' ' + member.id,
    cells: [member.set, member.id, shortUri(member.uri), member.state.replaceAll('_', ' '), member.calls,
      member.why ? member.why + (member.failedAt ? ', ' + clock(member.failedAt) : '') : '–'],
  })));
  showRows(byId('trunks'), trunks.map(trunk => ({
    key: trunk.name,
    cells: [trunk.name, trunk.state.replaceAll('_', ' '), trunk.why || '–'],
  })));
}

// ---- statistics

function showStatistics(now) {
  const then = before;
  before = now;
  const seconds = then ? Math.max(0.001, (new Date(now.at) - new Date(then.at)) / 1000) : 0;
  const rate = (a, b) => then ? ((b - a) / seconds).toFixed(1) : '–';
  const kinds = [['requests received', 'requests'], ['responses received', 'responses'], ['retransmissions', 'retransmissions'],
    ['malformed', 'malformed'], ['dropped by access rules', 'filtered'], ['refused: overload', 'overloaded']];
  showRows(byId('totals'), kinds.map(([label, key]) => ({key, cells: [label, now[key], rate(then?.[key], now[key])]})));
  showCounts('responses', now.finalResponses, then?.finalResponses, rate, entries => entries);
  showCounts('refusals', now.refusals, then?.refusals, rate, entries => entries.sort((a, b) => b[1] - a[1]).slice(0, 12));
  const levels = [['registered users', now.users], ['contacts', now.bindings], ['calls', Math.max(0, now.calls)],
    ['answered calls', Math.max(0, now.answeredCalls)], ['server transactions', now.serverTransactions],
    ['client transactions', now.clientTransactions], ['requests without final response', now.unanswered],
    ['requests queued for workers', now.queued], ['stream connections', now.connections]];
  showRows(byId('levels'), levels.map(([label, value]) => ({key: label, cells: [label, value]})));
  showMeter('transactions', now.transactionBytes, now.transactionBytesLimit);
  showMeter('heap', now.heapUsed, now.heapMax);
  if (then) {
    rates.push((now.requests - then.requests) / seconds);
    showCurve();
  }
}

function showCounts(id, now, then, rate, choose) {
  showRows(byId(id), choose(Object.entries(now)).map(([key, value]) =>
    ({key, cells: [key, value, rate(then?.[key] ?? 0, value)]})));
}

function showMeter(id, used, limit) {
  const meter = byId('meter-' + id);
  meter.max = limit;
  meter.value = used;
  setText(byId('text-' + id), megabytes(used) + ' of ' + megabytes(limit));
}

function showCurve() {
  rates.splice(0, rates.length - POINTS);
  const now = rates[rates.length - 1];
  const most = Math.max(1, ...rates);
  const points = rates.map((value, i) => (120 * (POINTS - rates.length + i) / (POINTS - 1)).toFixed(1) + ','
      + (29 - 27 * value / most).toFixed(1));
  byId('curve').firstElementChild.setAttribute('points', points.join(' '));
  setText(byId('rate'), 'Requests per second: ' + now.toFixed(1) + ' now, ' + most.toFixed(1) + ' at most in the last '
      + duration(rates.length * LISTS_MILLIS / 1000));
  setText(byId('count-requests'), now.toFixed(1) + ' requests/s');
}

// ---- news for screen readers

function announce(registrations, calls, status, filter) {
  const now = {state: status.state + ', ' + status.health, filter,
    users: new Set(registrations.bindings.map(binding => shortUri(binding.aor))),
    calls: new Map(calls.calls.map(call => [call.callId, shortUri(call.from) + ' to ' + shortUri(call.to)]))};
  const then = known;
  known = now;
  if (!then || then.filter !== filter) {
    return;
  }
  const news = [];
  if (now.state !== then.state) {
    news.push('State: ' + now.state.toLowerCase().replace('_', ' '));
  }
  now.users.forEach(user => then.users.has(user) || news.push(user + ' is registered'));
  then.users.forEach(user => now.users.has(user) || news.push(user + ' is no longer registered'));
  now.calls.forEach((parties, id) => then.calls.has(id) || news.push('Call from ' + parties));
  then.calls.forEach((parties, id) => now.calls.has(id) || news.push('End of the call from ' + parties));
  if (news.length) {
    setText(byId('news'), news.length > 4 ? count(news.length, 'change') + ' of registrations and calls' : news.join('. ') + '.');
  }
}

// ---- controls

function later(task) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(task, 300);
  };
}

document.querySelectorAll('form').forEach(form => form.addEventListener('submit', event => event.preventDefault()));
byId('filter').addEventListener('input', later(() => lists.now()));
byId('user').addEventListener('input', later(() => {
  ladder.restart();
  messages.now();
}));
byId('clear').addEventListener('click', () => {
  ladder.clear();
  ladder.showNote();
});
byId('pause').addEventListener('click', () => {
  const isPaused = byId('pause').getAttribute('aria-pressed') !== 'true';
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  setText(byId('pause'), isPaused ? 'Paused' : 'Pause');
  messages.now();
});
byId('login').addEventListener('submit', () => {
  sessionStorage.setItem('token', byId('token').value.trim());
  byId('token').value = '';
  lists.now();
});
window.addEventListener('hashchange', () => token() && lists.now());

nameRoles();
lists.now();
