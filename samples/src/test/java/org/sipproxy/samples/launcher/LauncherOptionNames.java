package org.sipproxy.samples.launcher;

import java.util.List;
import picocli.CommandLine;

/** Tells tests of other packages what the launcher can be told. */
public final class LauncherOptionNames {

    private LauncherOptionNames() {}

    /** The options of {@code run}, without those for help. */
    public static List<String> ofRun() {
        return new CommandLine(new RunCommand())
                .getCommandSpec().options().stream()
                        .filter(option -> !option.usageHelp() && !option.versionHelp())
                        .map(option -> option.longestName())
                        .toList();
    }
}
