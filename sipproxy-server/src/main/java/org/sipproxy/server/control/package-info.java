/**
 * Control channel of a running server: JSON-RPC 2.0 over a Unix-domain socket.
 *
 * <p>Start reading at {@link org.sipproxy.server.control.ControlMethods}, where parts of the server register their
 * methods, then {@link org.sipproxy.server.control.ControlChannel}. {@link org.sipproxy.server.control.ControlClient}
 * is the other side.
 *
 * <p>Does not know what the methods do.
 */
@NullMarked
package org.sipproxy.server.control;

import org.jspecify.annotations.NullMarked;
