/**
 * What an operator can see and change of a running server: the same operations for the control channel, JMX, the web
 * page and programs.
 *
 * <p>Start reading at {@link org.sipproxy.server.operations.ServerOperations}. {@code RpcMethods} and
 * {@code ManagementBeans} are views of it without logic of their own.
 */
@NullMarked
package org.sipproxy.server.operations;

import org.jspecify.annotations.NullMarked;
