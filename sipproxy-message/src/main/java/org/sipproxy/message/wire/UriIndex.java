package org.sipproxy.message.wire;

/**
 * Positions of the parts of a {@code sip} or {@code sips} URI in the text that it was read from, in bytes. Ends are
 * exclusive. The positions of a URI in a message count from the start of the message.
 *
 * @param hostStart start of the host
 * @param hostEnd end of the host
 * @param addressEnd end of host and port
 * @param headersStart the {@code ?} before the header fields, or the end of the URI
 */
public record UriIndex(int hostStart, int hostEnd, int addressEnd, int headersStart) {}
