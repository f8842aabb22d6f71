/**
 * Small host applications of the proxy. Most have a main method.
 *
 * <p>Start reading at {@link org.sipproxy.samples.EmbeddedProxy}, a proxy with two users. Then, in the order in which a
 * set-up grows:
 *
 * <ul>
 *   <li>{@code WatchPhones} sees each registration, call and refusal; {@code DailyTasks} are an operator's commands;
 *   <li>{@code ClusterProxy} is one of several servers that share a database;
 *   <li>{@code StorageModes} keeps subscribers, registrations and call records in PostgreSQL;
 *   <li>{@code NatEdgeProxy} serves clients behind NATs, {@code SeveralDomains} two domains, {@code HardenedProxy} a
 *       public address, and {@code SecureProxy} TLS and browsers;
 *   <li>{@code CompleteProxy} has most of that in one program;
 *   <li>{@code CustomStage} adds a routing stage, and {@code Voicemail} has a plan for a phone that is busy;
 *   <li>{@code MediaServers} is a registrar in front of media servers, and {@code ProviderTrunk} has an account at a
 *       telephony provider;
 *   <li>{@code CallLimits} ends calls, {@code ClickToDial} makes them, and {@code NotifyMessageWaiting} sends requests
 *       of its own;
 *   <li>{@code ParseMessage} needs only the message library.
 * </ul>
 *
 * <p>The server with a command line is the module {@code sipproxy-server}.
 */
@NullMarked
package org.sipproxy.samples;

import org.jspecify.annotations.NullMarked;
