// What the page is made of. Every text may come from the network: it becomes a text node, never markup.

const SVG = 'http://www.w3.org/2000/svg';

// Control and format characters could hide or reorder text; lone surrogates are not text.
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

export const byId = id => document.getElementById(id);

/** Returns a text with everything visible: other characters as their code point. */
export function printable(value) {
  return String(value ?? '').replace(INVISIBLE, c => '\\u' + c.codePointAt(0).toString(16).padStart(4, '0'));
}

export function setText(node, value) {
  const text = printable(value);
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** Sets the text of a cell; a long address is broken behind its @ or before its port rather than elsewhere. */
function setCell(cell, value) {
  const text = printable(value);
  if (cell.textContent !== text) {
    const parts = text.split(/(?<=@)|(?=:\d{1,5}(?!\S))/);
    cell.replaceChildren(...parts.flatMap((part, i) => i === 0 ? [part] : [document.createElement('wbr'), part]));
  }
}

export function show(node, isShown) {
  if (node.hidden === isShown) {
    node.hidden = !isShown;
  }
}

/** Creates an element with attributes, and with children that are nodes or texts. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function drawing(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, value);
  }
  for (const child of children) {
    node.append(child instanceof Node ? child : printable(child));
  }
  return node;
}

/** Shows rows in a table. A row is {key, cells}; rows that stay keep their nodes, so that a selection stays too. */
export function showRows(table, rows) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const known = new Map([...body.rows].map(row => [row.dataset.key, row]));
  let next = body.firstElementChild;
  for (const {key, cells} of rows) {
    let row = known.get(key);
    known.delete(key);
    if (!row) {
      row = element('tr', {'data-key': key, role: 'row'});
      heads.forEach((head, i) => row.append(i === 0
          ? element('th', {scope: 'row', role: 'rowheader', 'data-label': head.textContent})
          : element('td', {role: 'cell', 'data-label': head.textContent, class: head.className})));
    }
    cells.forEach((cell, i) => setCell(row.cells[i], cell));
    if (row === next) {
      next = next.nextElementSibling;
    } else {
      body.insertBefore(row, next);
    }
  }
  known.forEach(row => row.remove());
  show(table, rows.length > 0);
}

/** On a narrow window a row becomes a block; roles keep it a row for assistive technology. */
export function nameRoles() {
  for (const table of document.querySelectorAll('table')) {
    table.setAttribute('role', 'table');
    for (const part of table.querySelectorAll('thead, tbody')) {
      part.setAttribute('role', 'rowgroup');
    }
    table.tHead.rows[0].setAttribute('role', 'row');
    for (const head of table.tHead.rows[0].cells) {
      head.setAttribute('role', 'columnheader');
    }
  }
}

export const shortUri = uri => String(uri ?? '').replace(/^sips?:/i, '');

export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = n => String(n).padStart(2, '0');
  if (s < 60) {
    return s + ' s';
  }
  if (s < 3600) {
    return Math.floor(s / 60) + ' min ' + two(s % 60) + ' s';
  }
  return s < 86400
      ? Math.floor(s / 3600) + ' h ' + two(Math.floor(s % 3600 / 60)) + ' min'
      : Math.floor(s / 86400) + ' d ' + two(Math.floor(s % 86400 / 3600)) + ' h';
}

/** Returns the time of day of an ISO date in the reader's zone. */
export function clock(iso, withMillis) {
  const date = new Date(iso);
  const pad = (n, width) => String(n).padStart(width, '0');
  return pad(date.getHours(), 2) + ':' + pad(date.getMinutes(), 2) + ':' + pad(date.getSeconds(), 2)
      + (withMillis ? '.' + pad(date.getMilliseconds(), 3) : '');
}

export const megabytes = bytes => (bytes / 1048576).toFixed(1) + ' MB';

export const count = (n, noun) => n + ' ' + noun + (n === 1 ? '' : 's');
