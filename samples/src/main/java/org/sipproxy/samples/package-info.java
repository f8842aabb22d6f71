/**
 * Small host applications of the proxy. Most have a main method.
 *
 * <p>Start reading at {@link org.sipproxy.samples.EmbeddedProxy}, a proxy with one user. {@link
 * org.sipproxy.samples.CustomStage} adds a routing stage, {@link org.sipproxy.samples.Voicemail} says what follows when
 * a phone is busy or does not answer, {@link org.sipproxy.samples.MediaServers} is a registrar in front of media servers,
 * {@link org.sipproxy.samples.ProviderTrunk} has an account at a telephony provider, and {@code NotifyMessageWaiting}
 * sends requests of its own. {@code HardenedProxy}, {@code NatEdgeProxy} and {@code SecureProxy} show a configuration for
 * a public address, for clients behind NATs, and for TLS and browsers.
 *
 * <p>The server with a command line is the module {@code sipproxy-server}.
 */
@NullMarked
package org.sipproxy.samples;

import org.jspecify.annotations.NullMarked;
