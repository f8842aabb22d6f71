/**
 * Commands that show and change a running server through its control channel.
 *
 * <p>Start reading at {@link org.sipproxy.server.command.ControlCommand}. Each command calls one method of the channel
 * and prints its result.
 */
@NullMarked
package org.sipproxy.server.command;

import org.jspecify.annotations.NullMarked;
