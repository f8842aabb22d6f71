package org.sipproxy.message.wire;

/**
 * Positions of the parts of a {@code sip} or {@code sips} URI in the text it was read from, in bytes; ends are exclusive. A URI of a
 * message has positions in the message, and a URI of a text has positions in the text.
 *
 * @param hostStart start of the host
 * @param hostEnd end of the host
 * @param addressEnd end of host and port
 * @param headersStart the {@code ?} before the header fields, or the end of the URI
 */
public record UriIndex(int hostStart, int hostEnd, int addressEnd, int headersStart) {}
