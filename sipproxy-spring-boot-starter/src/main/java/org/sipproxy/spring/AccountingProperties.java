package org.sipproxy.spring;

import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Call records in the database.
 *
 * @param enabled Whether calls are written to the tables acc, missed_calls and acc_cdrs.
 * @param methods Methods with rows in acc.
 * @param failures Those of them with rows for failures too.
 * @param tables Tables that are written besides acc: missed_calls, acc_cdrs; or none.
 * @param queue Rows that wait for the database at most, 100 to 1000000; further ones are lost.
 * @param openCalls Calls whose BYE is awaited in memory, 100 to 10000000.
 * @param maxDuration When a call without a BYE ends in acc_cdrs, 1m to 7d.
 */
@ConfigurationProperties("sipproxy.accounting")
record AccountingProperties(
        @DefaultValue("false") boolean enabled,
        @DefaultValue({"INVITE", "BYE"}) List<String> methods,
        @DefaultValue({"INVITE", "BYE"}) List<String> failures,
        @DefaultValue({"missed_calls", "acc_cdrs"}) List<String> tables,
        @DefaultValue("10000") int queue,
        @DefaultValue("100000") int openCalls,
        @DefaultValue("24h") Duration maxDuration) {}
