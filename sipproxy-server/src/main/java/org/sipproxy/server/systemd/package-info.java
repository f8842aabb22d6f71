/**
 * Notifications to the service manager systemd: ready, reloading, stopping, status and watchdog.
 *
 * <p>Start reading at {@link org.sipproxy.server.systemd.SystemdNotifier}. Outside systemd nothing is sent.
 */
@NullMarked
package org.sipproxy.server.systemd;

import org.jspecify.annotations.NullMarked;
