package org.sipproxy.message.wire;

/**
 * Positions of the parts of one address header element in the text that it was read from, in bytes. Ends are exclusive.
 *
 * @param start start of the element
 * @param uriStart start of the URI, after the bracket
 * @param uriEnd end of the URI
 * @param end end of the header's value, or the comma before the next element
 */
public record AddressIndex(int start, int uriStart, int uriEnd, int end) {}
