/**
 * Messages on the wire, seen by an operator: as a ladder or as text in the terminal, as an HTML page, as a pcap file,
 * and at a Homer collector. Off by default.
 *
 * <p>Start reading at {@link org.sipproxy.server.flow.FlowRecorder}, which keeps the messages of a
 * {@link org.sipproxy.server.flow.TraceFilter}. A {@link org.sipproxy.server.flow.TraceOutput} shows them. {@link
 * org.sipproxy.server.flow.WireQueue} passes all messages to a file or a collector.
 *
 * <p>Does not touch messages: everything here is a wire listener of the proxy. Does not record media.
 */
@NullMarked
package org.sipproxy.server.flow;

import org.jspecify.annotations.NullMarked;
