/**
 * The command line of {@code sipproxy.jar}: {@code demo}, {@code run}, {@code check}, {@code db}, and the commands for
 * subscribers.
 *
 * <p>Start reading at {@link org.sipproxy.server.Launcher}, then {@code RunCommand} and {@code ProxyOptions}.
 * Each class named {@code …Options} holds one group of options as text, validates them and applies them to the builders
 * of the library. Problems are collected, so that all of them are reported at once.
 *
 * <p>Does not contain any logic of the proxy. A host application that is not a command line does not need this package.
 */
@NullMarked
package org.sipproxy.server;

import org.jspecify.annotations.NullMarked;
