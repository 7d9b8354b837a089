# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kfleet_global_optspecs
    string join \n b/bootstrap-server= bootstrap-controller= command-config= profile= o/output= no-headers q/quiet v/verbose timeout= h/help V/version
end

function __fish_kfleet_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kfleet_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kfleet_using_subcommand
    set -l cmd (__fish_kfleet_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kfleet -n "__fish_kfleet_needs_command" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_needs_command" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_needs_command" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_needs_command" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_needs_command" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_needs_command" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_needs_command" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_needs_command" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_needs_command" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_needs_command" -s V -l version -d 'Print version'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "acls" -d 'Access: who may do what'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "bench" -d 'Measure a cluster'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "broker" -d 'The server'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "check" -d 'Check a cluster for a monitor'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "cluster" -d 'Identity and nodes of a cluster'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "completions" -d 'Print a completion script'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "configs" -d 'Settings of topics, brokers, loggers, groups and client-metrics'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "consume" -d 'Read records'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "features" -d 'Features: what nodes support and what the cluster has agreed on'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "groups" -d 'Groups'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "host" -d 'The host a broker runs on: audit its settings'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "leaders" -d 'Leaders of partitions'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "log-dirs" -d 'Log directories of brokers'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "logs" -d 'Files of logs, offline'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "man" -d 'Write the manual pages into a directory'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "offsets" -d 'Offsets of partitions'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "produce" -d 'Write records'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "producers" -d 'Producers, as leaders of partitions know them'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "profiles" -d 'Clusters by name: the profile file'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "quorum" -d 'The metadata quorum'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "quotas" -d 'Quotas of users, client ids and addresses'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "render" -d 'Files for hosts and monitoring, from templates'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "sandbox" -d 'A throw-away cluster in one command'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "schema" -d 'The JSON schema of what a command prints'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "shims" -d 'Apache\'s scripts under their own names'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "size" -d 'How big a cluster has to be, with the arithmetic'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "storage" -d 'Log directories: format and inspect; @FILE stands for the arguments in a file, one a line'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "tokens" -d 'Delegation tokens'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "topics" -d 'Topics'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "tour" -d 'The main job in one go, on a sandbox'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "transactions" -d 'Transactions: what is open, and what hangs'
complete -c kfleet -n "__fish_kfleet_needs_command" -f -a "users" -d 'Users that log in with SCRAM'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -f -a "apply" -d 'Make ACLs those that a file has: what is missing is created, and with --prune all others are deleted'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -f -a "create" -d 'Create ACLs: each principal may do each operation on each resource, from each host'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -f -a "delete" -d 'Delete ACLs: all that are as the flags say, which are shown first; nothing else is deleted'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and not __fish_seen_subcommand_from apply create delete list" -f -a "list" -d 'List ACLs'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -l prune -d 'Delete ACLs that the file does not have'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l allow-principal -d 'Who may, as in User:alice; \'User:*\' is everybody; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l deny-principal -d 'Who may not, which is stronger; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l allow-host -d 'Addresses they may do it from; anywhere if not given; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l deny-host -d 'Addresses they may not do it from; nowhere if not given; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l operation -d 'What is done: read, write, create, delete, alter, describe, cluster-action, describe-configs, alter-configs, idempotent-write, create-tokens, describe-tokens, two-phase-commit; all is anything; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l topic -d 'A topic; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l group -d 'A group; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l transactional-id -d 'A transactional id; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l delegation-token -d 'A delegation token\'s id; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l user-principal -d 'A user as the owner of tokens, as in User:alice; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l pattern-type -d 'How names are meant: literal, or prefixed for all that begin so' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l cluster -d 'The cluster'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l producer -d 'All it takes to write: write, describe and create topics; write and describe transactional ids'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l consumer -d 'All it takes to read: read and describe topics, read groups'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l idempotent -d 'With --producer: also idempotent-write of the cluster, which brokers before Kafka 2.8 ask for'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l topic -d 'A topic; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l group -d 'A group; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l transactional-id -d 'A transactional id; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l delegation-token -d 'A delegation token\'s id; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l user-principal -d 'A user as the owner of tokens, as in User:alice; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l pattern-type -d 'How names are meant: literal is this name and nothing else, prefixed is the ACLs of this prefix, any is both, match is all that decides about a resource of this name: itself, its prefixes and \'*\'' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l resource-type -d 'Only of this kind of resource: topic, group, cluster, transactional-id, delegation-token or user' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l principal -d 'Only of this principal, as in User:alice; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l host -d 'Only of this host; \'*\' is those of all hosts; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l operation -d 'Only of this operation, as in read or describe-configs; all is those of anything; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l permission -d 'Only those that allow, or deny' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l cluster -d 'The cluster'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l all -d 'All ACLs'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l if-exists -d 'That there are none is no error'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l topic -d 'A topic; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l group -d 'A group; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l transactional-id -d 'A transactional id; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l delegation-token -d 'A delegation token\'s id; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l user-principal -d 'A user as the owner of tokens, as in User:alice; may be repeated; \'*\' is all of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l pattern-type -d 'How names are meant: literal is this name and nothing else, prefixed is the ACLs of this prefix, any is both, match is all that decides about a resource of this name: itself, its prefixes and \'*\'' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l resource-type -d 'Only of this kind of resource: topic, group, cluster, transactional-id, delegation-token or user' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l principal -d 'Only of this principal, as in User:alice; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l host -d 'Only of this host; \'*\' is those of all hosts; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l operation -d 'Only of this operation, as in read or describe-configs; all is those of anything; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l permission -d 'Only those that allow, or deny' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l cluster -d 'The cluster'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand acls; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -f -a "produce" -d 'Measure how fast records can be written'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -f -a "consume" -d 'Measure how fast records can be read'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and not __fish_seen_subcommand_from produce consume latency" -f -a "latency" -d 'Measure how long a record takes from its writer to its reader'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -s n -l records -d 'How many records' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l record-bytes -d 'Bytes of each record\'s value' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l batch-bytes -d 'About so many bytes of values in a batch' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l writers -d 'How many connections write at the same time' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l acks -d 'Who must have a batch before it is acknowledged' -r -f -a "all\t'All in-sync replicas'
1\t'The leader'"
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -s z -l compression -d 'How batches are compressed' -r -f -a "none\t''
gzip\t''
snappy\t''
lz4\t''
zstd\t''"
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l throughput -d 'At most so many records in a second, by all writers together' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from produce" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -s n -l records -d 'Stop after so many records; at the end of the topic if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -l fetch-bytes -d 'Most bytes of an answer' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from consume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -s p -l partition -d 'The partition' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -s n -l records -d 'How many records' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -l warm-up -d 'Records that are written first and not counted' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -l record-bytes -d 'Bytes of each record\'s value' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand bench; and __fish_seen_subcommand_from latency" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and not __fish_seen_subcommand_from run" -f -a "run" -d 'Run a node: broker, controller or both, as process.roles says'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -s c -l config -d 'server.properties' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -l override -d 'A key that counts instead of the file\'s; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -l die-with -d 'Stop when this process ends; for sandboxes, whose nodes must not outlive them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand broker; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l warn -d 'From how many on it is a WARNING, instead of what counts otherwise; NAME= if several things are counted' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l crit -d 'From how many on it is CRITICAL, instead of what counts otherwise; NAME= if several things are counted' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l topic -d 'Only topics like this, with * and ?; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l exclude-topic -d 'No topics like this; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l group -d 'lag: only groups like this, with * and ?; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l min -d 'replication-factor: the least that topics have to have' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l max-lag -d 'quorum: records that a replica may be behind the leader [default: 1000]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l head -d 'How many findings a line names; --output wide lists all of them below it' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l node-id -d 'The id of this host\'s node, for --controller-only and --first-broker-only' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l broker-config -d 'The server.properties of this host\'s node, for the same' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l controller-only -d 'Check only if the node of this host is the active controller, and be OK otherwise'
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l first-broker-only -d 'Check only if the node of this host is the live broker with the lowest id, and be OK otherwise'
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -f -a "api-versions" -d 'List the APIs that each node serves'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -f -a "describe" -d 'List the nodes'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -f -a "endpoints" -d 'List where brokers and controllers are reached'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -f -a "id" -d 'Print the cluster\'s id'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and not __fish_seen_subcommand_from api-versions describe endpoints id unregister" -f -a "unregister" -d 'Make the cluster forget a broker that is gone for good'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -l node -d 'Only this node' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from api-versions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -l include-fenced -d 'Also list brokers that are fenced'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -l controllers -d 'Also list the controllers that vote'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -l include-fenced -d 'Also list brokers that are fenced'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from endpoints" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from id" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -l force -d 'Go ahead although it is alive, or although nobody can tell'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand cluster; and __fish_seen_subcommand_from unregister" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -f -a "describe" -d 'List settings and where they come from'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -f -a "diff" -d 'Keys whose values differ between brokers, topics, groups, or from those in a file'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -f -a "list" -d 'List what has settings of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -f -a "set" -d 'Set keys'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and not __fish_seen_subcommand_from describe diff list set unset" -f -a "unset" -d 'Return keys to what counts without them'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -l key -d 'Only this key; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -s a -l all -d 'All keys, with what counts where nothing was set; of a broker without it what is in its file or was set, of all else what was set for it'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -l file -d 'A properties file to hold them against' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -l include-node-keys -d 'Also compare keys that are each broker\'s own'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -l exit-code -d 'Exit with 1 if anything differs'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l set -d 'A key and its value, commas included; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l add-config -d 'Keys and values as in \'a=1,b=[x,y]\', with brackets around values that have commas' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l add-config-file -d 'A properties file with keys and values; for secrets, which others could see on a command line' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l append -d 'Items to add to a key\'s list; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l subtract -d 'Items to take out of a key\'s list; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l generate-name -d 'Give a new client-metrics subscription a name that no other has'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l allow-unknown-keys -d 'Send keys that are not known here, as those of a broker\'s plugins'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l key -d 'A key; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l all -d 'All keys that were set; a client-metrics subscription is gone then'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l allow-unknown-keys -d 'Send keys that are not known here, as those of a broker\'s plugins'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand configs; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s p -l partition -d 'Read these partitions only' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l offset -d 'Where to begin: beginning, end, stored (where the group left off), N, -N (before the end), s@TIME; and where to end: e@TIME. TIME is in milliseconds or RFC 3339' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s c -l count -d 'At most so many records' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s f -l format -d 'How each record is printed' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s K -l key-delimiter -d 'Print the key and this before each value' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s D -l delimiter -d 'What is printed after each record' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l null-marker -d 'Print this for keys and values that are null' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s G -l group -d 'Read as a member of this group' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l isolation -d 'Which records of transactions are read' -r -f -a "read-committed\t'Those that were committed'
read-uncommitted\t'All, also those that were aborted or may be yet'"
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l regex -d 'The topics are regular expressions, each for whole names; what it finds at the start is read'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s e -l exit-at-end -d 'End at the end, as it does by itself; takes back a --follow before it'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l follow -d 'Wait for more at the end'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l print-key -d 'Print the key and a tab before each value'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l print-headers -d 'Print the headers, as in a=1,b=2, and a tab before all else'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s Z -l null -d 'Print keys and values that are null as NULL'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand consume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -f -a "describe" -d 'List features with their levels'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -f -a "downgrade" -d 'Lower levels of features'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and not __fish_seen_subcommand_from describe downgrade upgrade" -f -a "upgrade" -d 'Raise levels of features'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -l node -d 'Only what this node supports' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -s f -l feature -d 'A feature\'s level; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l metadata -d 'The release whose metadata.version is meant, as in 4.3 or 4.3-IV0' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -s r -l release-version -d 'The release whose metadata.version and features are meant, all but kraft.version' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l unsafe -d 'Go ahead even if metadata is lost, where the cluster can'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from downgrade" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -s f -l feature -d 'A feature\'s level; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -l metadata -d 'The release whose metadata.version is meant, as in 4.3 or 4.3-IV0' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -s r -l release-version -d 'The release whose metadata.version and features are meant, all but kraft.version' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand features; and __fish_seen_subcommand_from upgrade" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -f -a "delete" -d 'Delete groups with all they committed'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -f -a "describe" -d 'Print what groups committed, how far they lag and who reads what'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -f -a "list" -d 'List groups'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and not __fish_seen_subcommand_from delete describe list members" -f -a "members" -d 'Print who is in groups'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l wait-empty -d 'Wait so long for the group to have no members' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l if-exists -d 'A group that does not exist is no error'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l remove-members -d 'Remove the group\'s members first, which only those that speak the classic protocol can be; they come back by themselves if they run'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -l all-groups -d 'All groups'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -l state -d 'A line for each group instead: its coordinator, state, assignor and number of members'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -l members -d 'A line for each member instead; --verbose adds assignments'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -l state -d 'Only groups in this state; may be repeated' -r -f -a "PreparingRebalance\t''
CompletingRebalance\t''
Stable\t''
Dead\t''
Empty\t''
Assigning\t''
Reconciling\t''
NotReady\t''"
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -l type -d 'Only groups of this type; may be repeated' -r -f -a "classic\t''
consumer\t''
share\t''
streams\t''"
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -l all-groups -d 'All groups'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand groups; and __fish_seen_subcommand_from members" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -f -a "audit" -d 'Tell what is wrong with the settings of a host, why, and what puts it right'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -f -a "capture" -d 'Write what the audit reads into a tree, to be audited elsewhere'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -f -a "explain" -d 'Tell what a rule reads, what is safe, why, and who says so'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -f -a "rules" -d 'List the rules of the audit'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -f -a "tune" -d 'Set what the audit would have set differently, for now and for the next boot'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and not __fish_seen_subcommand_from audit capture explain rules tune undo" -f -a "undo" -d 'Put back what tune has changed'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l baseline -d 'Whose advice counts where authorities differ' -r -f -a "throughput\t'Much data through the page cache'
latency\t'Short and even response times'
confluent\t'What Confluent\'s playbooks set'
tutorial\t'What Kafka: The Definitive Guide and the tutorials after it set'
minimal\t'Only what breaks a broker or loses data'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l root -d 'A captured tree instead of this machine: a directory, a .tar or a .tar.gz; may be repeated' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l broker-config -d 'The server.properties to judge by, read as it is and not below --root; found from the running broker if not given' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l only -d 'Judge by these rules only: ids, groups or areas of `kfleet host rules`' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l skip -d 'Leave out these rules: ids, groups or areas' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l fail-on -d 'The least that is not exit code 0' -r -f -a "warning\t'Anything but OK'
unknown\t'What could not be found out, and CRITICAL'
critical\t'CRITICAL only'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l expect -d 'A sysctl that must have this value; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -l broker-config -d 'The server.properties of the broker; found from the running broker if not given' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from capture" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -l baseline -d 'Only the rules that this baseline has' -r -f -a "throughput\t'Much data through the page cache'
latency\t'Short and even response times'
confluent\t'What Confluent\'s playbooks set'
tutorial\t'What Kafka: The Definitive Guide and the tutorials after it set'
minimal\t'Only what breaks a broker or loses data'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from rules" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l baseline -d 'Whose advice counts where authorities differ' -r -f -a "throughput\t'Much data through the page cache'
latency\t'Short and even response times'
confluent\t'What Confluent\'s playbooks set'
tutorial\t'What Kafka: The Definitive Guide and the tutorials after it set'
minimal\t'Only what breaks a broker or loses data'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l root -d 'A directory with a tree of /proc and /etc, to be set instead of this machine' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l broker-config -d 'The server.properties to judge by; found from the running broker if not given' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l only -d 'Judge by these rules only: ids, groups or areas of `kfleet host rules`' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l skip -d 'Leave out these rules: ids, groups or areas' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l output-script -d 'Print a shell script that does it, and do nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from tune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -l root -d 'The directory that was given to tune' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand host; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and not __fish_seen_subcommand_from elect" -f -a "elect" -d 'Elect leaders of partitions'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l election-type -d 'Who may be elected' -r -f -a "preferred\t'The first replica, if it is in sync'
unclean\t'Any live replica, where there is no leader'"
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l topic -d 'A topic, or a pattern as in \'orders-*\', which does not reach the cluster\'s own topics' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l partition -d 'A partition of it; may be repeated; all of them if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l file -d 'The partitions that a file names (- is stdin), as in {"partitions":[{"topic":"orders","partition":1}]}' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l all -d 'All partitions of all topics'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l accept-data-loss -d 'Records that only replicas have which are not alive may be lost, for good'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand leaders; and __fish_seen_subcommand_from elect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and not __fish_seen_subcommand_from describe" -f -a "describe" -d 'List directories with their space and their replicas'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -l brokers -d 'Only of these brokers' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -l topics -d 'Only replicas of these topics, or patterns as in \'orders-*\'' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -l replicas -d 'One line for each replica'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand log-dirs; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -f -a "dump" -d 'Show what segments, indexes, snapshots and checkpoints hold'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and not __fish_seen_subcommand_from dump verify" -f -a "verify" -d 'Find corruption in log directories, partitions and files'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l files -d 'The files, as Kafka\'s own tool takes them' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l decoder -d 'Read every record as one of these; by the directory\'s name if not given' -r -f -a "plain\t'Nothing that is known here: text, or base64 where it is no text'
metadata\t'Records of __cluster_metadata'
offsets\t'Groups and offsets of __consumer_offsets'
transactions\t'Transactions of __transaction_state'
shares\t'Share groups of __share_group_state'
remote\t'Segments in remote storage, of __remote_log_metadata'"
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l key-format -l key-decoder-class -d 'What keys are, where no decoder knows; Kafka\'s names of its decoders are taken, too' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l value-format -l value-decoder-class -d 'What values are, likewise' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l max-bytes -d 'End each segment after about so many bytes' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l max-message-size -d 'Leave out the records of batches that are larger than this, packed or unpacked' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l records -l print-data-log -l deep-iteration -d 'Also show every record'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l cluster-metadata-decoder -d 'Kafka\'s name for --decoder metadata'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l offsets-decoder -d 'Kafka\'s name for --decoder offsets'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l transaction-log-decoder -d 'Kafka\'s name for --decoder transactions'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l share-group-state-decoder -d 'Kafka\'s name for --decoder shares'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l remote-log-metadata-decoder -d 'Kafka\'s name for --decoder remote'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l skip-record-metadata -d 'Show records without batches, offsets and times, and no control records'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l verify-index-only -d 'Of indexes, show only what is wrong with them'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l index-sanity-check -d 'The same, without reading the segments beside them'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from dump" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l threads -d 'Files to read at a time; as many as there are processors if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l rate-limit -d 'Read no more than this, as in 100MB/s' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l since -d 'Only segments written to since then: a time such as 2026-11-27T14:30:00Z, or how long ago, as in 90m or P1D' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l max-message-size -d 'With --deep: batches that are larger than this, packed or unpacked, count as damaged' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l deep -d 'Also unpack every batch and read its records'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand logs; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -f -a "copy" -d 'Make a group go on where another stands'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -f -a "delete" -d 'Delete offsets that a group committed'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -f -a "get" -d 'Print offsets of partitions'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -f -a "reset" -d 'Make a group go on elsewhere'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -f -a "restore" -d 'Give groups the offsets that were saved'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -f -a "save" -d 'Save what groups committed'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -f -a "set" -d 'Set offsets of a group, partition by partition'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and not __fish_seen_subcommand_from copy delete get reset restore save set shift" -f -a "shift" -d 'Make a group go on so many records further, or back'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l topic -d 'A topic, or some of its partitions as in orders:0,1,2; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l wait-empty -d 'Wait so long for the group to have no members' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l delete-source -d 'Delete the group that is copied from'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l all-topics -d 'All topics that the group committed offsets of'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l remove-members -d 'Remove the group\'s members first, which only those that speak the classic protocol can be; they come back by themselves if they run'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l topic -d 'A topic, or some of its partitions as in orders:0,1,2; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l wait-empty -d 'Wait so long for the group to have no members' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l all-topics -d 'All topics that the group committed offsets of'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l remove-members -d 'Remove the group\'s members first, which only those that speak the classic protocol can be; they come back by themselves if they run'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -l at -d 'Which offset' -r -f -a "earliest\t''
latest\t''
max-timestamp\t''"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -l timestamp-ms -d 'The first record at or after this time, in milliseconds since 1970' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l to-offset -d 'To this offset' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l shift-by -d 'So many records further, or back if the number is below zero' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l to-datetime -d 'To the first record at or after a time, as in 2026-11-27T14:30:00.000; UTC unless it ends with Z or an offset' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l by-duration -d 'To the first record at or after so long ago, as in PT2H30M, P1D, 36h' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l from-file -d 'To what a file says: Kafka\'s CSV (topic,partition,offset), or what offsets save writes' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l topic -d 'A topic, or some of its partitions as in orders:0,1,2; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l wait-empty -d 'Wait so long for the group to have no members' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l create -d 'Make the group if it does not exist'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l to-earliest -d 'To the first record there is'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l to-latest -d 'Past the last record'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l to-current -d 'To where the group stands; where it does not stand, past the last record'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l all-topics -d 'All topics that the group committed offsets of'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l remove-members -d 'Remove the group\'s members first, which only those that speak the classic protocol can be; they come back by themselves if they run'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l group -d 'Only this group of those in the file; the one that is meant, if the file names none' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l wait-empty -d 'Wait so long for the group to have no members' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l remove-members -d 'Remove the group\'s members first, which only those that speak the classic protocol can be; they come back by themselves if they run'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -l format -d 'How they are written' -r -f -a "json\t'With all that was committed'
csv\t'Kafka\'s: topic,partition,offset, with the group in front if there are several'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -l file -d 'Into this file, which is replaced as a whole, and not to stdout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -l all-groups -d 'All groups'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l wait-empty -d 'Wait so long for the group to have no members' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l create -d 'Make the group if it does not exist'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l remove-members -d 'Remove the group\'s members first, which only those that speak the classic protocol can be; they come back by themselves if they run'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l by -d 'So many records further, or back if the number is below zero' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l topic -d 'A topic, or some of its partitions as in orders:0,1,2; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l wait-empty -d 'Wait so long for the group to have no members' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l all-topics -d 'All topics that the group committed offsets of'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l remove-members -d 'Remove the group\'s members first, which only those that speak the classic protocol can be; they come back by themselves if they run'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand offsets; and __fish_seen_subcommand_from shift" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s p -l partition -d 'Write to this partition only' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s K -l key-delimiter -d 'What parts the key from the value' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s D -l delimiter -d 'What parts one record from the next' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s k -l key -d 'The key of records that have none' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s H -l header -d 'A header for every record; null without =' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l headers-delimiter -d 'What parts headers, which come first, from all else; without it lines have none' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l headers-separator -d 'What parts one header from the next' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l headers-key-separator -d 'What parts a header\'s name from its value' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l null-marker -d 'Write null for keys and values that are this' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l timestamp-ms -d 'Milliseconds since 1970; the time of writing if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s c -l count -d 'At most so many records' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s z -l compression -d 'How batches are compressed' -r -f -a "none\t''
gzip\t''
snappy\t''
lz4\t''
zstd\t''"
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l acks -d 'Who must have a record before it counts as written; records are written once only with all' -r -f -a "all\t'All in-sync replicas'
leader\t'The leader'
none\t'Nobody: it is not known what arrives'"
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l partitioner -d 'Where keys go: murmur2 as Java\'s clients have it, if nothing is given; records without a key go round by batches' -r -f -a "murmur2\t'Java\'s clients'
crc32\t'Kcat and librdkafka'"
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l whole-file -d 'Each file is one record, or all of standard input'
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l json -d 'Records are JSON, one a line: what consume prints with --output ndjson, or only its data. Timestamps are kept, and partitions unless --partition or --partitioner is given'
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s Z -l null -d 'Write null for keys and values that are empty'
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand produce" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and not __fish_seen_subcommand_from describe" -f -a "describe" -d 'Print who has written to partitions, with idempotence or in transactions, and where open transactions begin'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -l partition -d 'Only this partition of the topic; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -l broker -d 'Only partitions with a replica on this broker, as it knows them; their leaders are asked if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand producers; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -f -a "import" -d 'Take over the clusters of kafka-utils\' kafka_discovery directory'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and not __fish_seen_subcommand_from import list" -f -a "list" -d 'Print the clusters of the profile file'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -l file -d 'The profile file; that of the user if not given' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand profiles; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -f -a "add-controller" -d 'Make a controller a voter'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -f -a "remove-controller" -d 'Take its vote from a controller'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -f -a "replication" -d 'List the replicas of the metadata log and how far each is'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and not __fish_seen_subcommand_from add-controller remove-controller replication status" -f -a "status" -d 'Tell who leads, who votes and who follows'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s c -l config -d 'The new controller\'s server.properties, on its own machine: its id, directory and endpoints are read there' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s i -l controller-id -d 'The new controller\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s d -l directory-id -d 'The id of its metadata directory, as its meta.properties has it' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -l endpoint -d 'Where a controller listener of it is reached; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from add-controller" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -s i -l controller-id -d 'The controller' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -s d -l directory-id -d 'Its directory; that of the voter with this id if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -l force -d 'Go ahead although the voters that are left may not get a majority together'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from remove-controller" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from replication" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quorum; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -f -a "describe" -d 'Print the quotas of one entity: of a user, of a client id, of both together, or of an address'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -f -a "list" -d 'List quotas: all, or those that are also of a user, of a client id, or of an address'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -f -a "set" -d 'Set quotas of a user, of a client id, of both together, or of an address'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and not __fish_seen_subcommand_from describe list set unset" -f -a "unset" -d 'Take quotas away: what counts then is what counts for others'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l user -d 'A user; with --client-id, what its clients of that id have together' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l client-id -d 'A client id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l ip -d 'An address' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l user-default -d 'Each user that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l client-id-default -d 'Each client id that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l ip-default -d 'Each address that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l effective -d 'What counts for it instead, wherever that is set: a user\'s quota for a client id comes before the user\'s own, and that before what each other has'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l user -d 'A user; with --client-id, what its clients of that id have together' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l client-id -d 'A client id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l ip -d 'An address' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l user-default -d 'Each user that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l client-id-default -d 'Each client id that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l ip-default -d 'Each address that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l user -d 'A user; with --client-id, what its clients of that id have together' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l client-id -d 'A client id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l ip -d 'An address' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l user-default -d 'Each user that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l client-id-default -d 'Each client id that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l ip-default -d 'Each address that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l user -d 'A user; with --client-id, what its clients of that id have together' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l client-id -d 'A client id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l ip -d 'An address' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l user-default -d 'Each user that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l client-id-default -d 'Each client id that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l ip-default -d 'Each address that has no quota of its own'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l all -d 'All keys that are set'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand quotas; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l set -d 'A variable\'s value, KEY=VALUE; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l templates -d 'A folder with templates of your own, NAME.jinja; they come before those of the same name' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l out -d 'Write to this file, which is there whole or not at all, and not to stdout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l force -d 'Replace the file if it is there and differs'
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l list -d 'List the templates, or the variables of the named one'
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l source -d 'Print the template itself, to change a copy of it in a folder of your own'
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand render" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l brokers -d 'How many brokers' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l controllers -d 'How many controllers; three, or one if there are fewer than three brokers, if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l racks -d 'Deal the brokers out to so many racks, rack-1, rack-2, ...' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l data-dir -d 'Keep the data here; it can be started again, on other ports' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l engine -d 'Who serves; of several engines, each is a node\'s, and the last is that of all that follow' -r -f -a "kfleet\t'The broker in this binary'
apache\t'Apache Kafka\'s jars'"
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l kafka-libs -d 'The folder with Apache Kafka\'s jars, for --engine apache' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l set -d 'A key of server.properties, for all nodes; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l separate -d 'Controllers are nodes of their own, with ids from 3001'
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l dynamic-quorum -d 'The controllers are written in the quorum\'s log (kraft.version 1), and can be changed'
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -f -a "install" -d 'Put links with the names of Apache\'s scripts into a directory'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and not __fish_seen_subcommand_from install list" -f -a "list" -d 'List the scripts that there are'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -l copy -d 'Copies instead of links'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -l no-suffix -d 'Names without .sh'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand shims; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l write-rate -d 'What producers write, as it goes over the network' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l groups -d 'Consumer groups that read all of it [default: 1]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l producer-rate -d 'What producers get through one partition [default: 10MB/s; measure it with kfleet bench produce]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l consumer-rate -d 'What a consumer gets through one partition [default: 10MB/s; measure it with your consumer]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l partitions -d 'Partitions, if they are not to be worked out' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l replication-factor -d 'Replicas of a partition [default: 3]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l retention -d 'How long records are kept [default: 7d]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l segment -d 'Size of a segment [default: 1GiB]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l disk -d 'Room of a broker for log directories [default: 4TB]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l disk-fill -d 'How full it may be, in percent [default: 80]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l disk-rate -d 'What a broker\'s disks write; no bound if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l network -d 'What a broker\'s network carries each way [default: 10Gbit/s]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l network-fill -d 'How busy it may be, in percent [default: 80]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l spare-brokers -d 'Brokers that may be away while the others carry the load [default: 1]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l connections -d 'Connections of clients to a broker [default: 1000]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l heap -d 'The JVM\'s heap; 0B for kfleet\'s broker [default: 6GiB]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l watch -d 'How long to watch what is written to the cluster' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l no-cluster -d 'Ask no cluster, although one is given'
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand size" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -f -a "check" -d 'Compare log directories with what a broker would expect'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -f -a "feature-dependencies" -d 'Print what levels of features need'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -f -a "format" -d 'Format the log directories of a node'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -f -a "info" -d 'Tell what the log directories of a node are'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -f -a "random-uuid" -d 'Print an id for a new cluster'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and not __fish_seen_subcommand_from check feature-dependencies format info random-uuid version-mapping" -f -a "version-mapping" -d 'Print the features that a release starts with'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -s c -l config -d 'server.properties, for log.dirs, metadata.log.dir and node.id' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -s f -l feature -d 'A feature\'s level; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from feature-dependencies" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s c -l config -d 'server.properties' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s t -l cluster-id -d 'The cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s r -l release-version -d 'The release whose metadata.version and features are written' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s f -l feature -d 'A feature\'s level; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s S -l add-scram -d 'A credential of the new cluster, as in \'SCRAM-SHA-256=[name=alice,password=alice-secret]\'; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s I -l initial-controllers -d 'The controllers of a new dynamic quorum, ID@HOST:PORT:DIRECTORY-ID[,...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s g -l ignore-formatted -d 'Leave directories alone that are formatted already'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s s -l standalone -d 'Start a dynamic quorum of this controller alone'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s N -l no-initial-controllers -d 'Join a dynamic quorum later'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from format" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -s c -l config -d 'server.properties' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from random-uuid" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -s r -l release-version -d 'The release; the latest one if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand storage; and __fish_seen_subcommand_from version-mapping" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -f -a "create" -d 'Create a token to log in with, by SCRAM: its id is the name, its HMAC the password'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -f -a "describe" -d 'Print the tokens that we may see: our own, those we may renew, and with rights to it those of others'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -f -a "expire" -d 'End a token, at once or after a while. Its owner may do that, and its renewers'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and not __fish_seen_subcommand_from create describe expire renew" -f -a "renew" -d 'Let a token live longer, up to its end in any case. Its owner may do that, and its renewers'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l owner -d 'In whose name one is logged in with it, as in User:job; ours if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l renewer -d 'Who else may renew it; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l max-life-time -d 'How long it can live, as in 24h; as long as brokers allow if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -l owner -d 'Only those of this owner, as in User:job; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -l after -d 'After how long; at once if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from expire" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -l period -d 'For how long from now; as long as brokers choose if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand tokens; and __fish_seen_subcommand_from renew" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -f -a "alter" -d 'Change the number of partitions'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -f -a "create" -d 'Create topics'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -f -a "delete" -d 'Delete topics with all their records'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -f -a "describe" -d 'List partitions with their leaders and replicas'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -f -a "list" -d 'List topics'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and not __fish_seen_subcommand_from alter create delete describe list records-delete" -f -a "records-delete" -d 'Delete records from the beginnings of partitions'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l partitions -d 'Partitions each is to have' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l replica-assignment -d 'Brokers of all partitions, those that are there already included, as in 1:2,2:3 for two of them' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l regex -d 'What is given are regular expressions, each for whole names'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l if-exists -d 'A topic that does not exist is no error'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from alter" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l partitions -d 'Partitions of each; the cluster\'s num.partitions if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l replication-factor -d 'Replicas of each partition; the cluster\'s default.replication.factor if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l replica-assignment -d 'Brokers of each partition, the preferred leader first, as in 1:2,2:3 for two partitions' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l config -d 'A key to set; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l if-not-exists -d 'A topic that exists is no error, and is left as it is'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l regex -d 'What is given are regular expressions, each for whole names'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l if-exists -d 'A topic that does not exist is no error'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l topic-id -d 'The topic with this id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l page-partitions -d 'Partitions in one answer of a broker, at most; the broker may have a limit of its own' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l regex -d 'What is given are regular expressions, each for whole names'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l exclude-internal -d 'Leave out the cluster\'s own topics'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l under-replicated -d 'Only partitions with fewer in-sync replicas than replicas, without those that a reassignment adds'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l unavailable -d 'Only partitions without a live leader'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l under-min-isr -d 'Only partitions without a leader or with fewer in-sync replicas than min.insync.replicas'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l at-min-isr -d 'Only partitions with just as many in-sync replicas as min.insync.replicas'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l summary -d 'One line for each topic, with the keys that were set for it'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l topics-with-overrides -d 'The same, only of topics for which a key was set'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -l topic-id -d 'The topic with this id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -l regex -d 'What is given are regular expressions, each for whole names'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -l exclude-internal -d 'Leave out the cluster\'s own topics'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -l offset-json-file -d 'A file that names them; - is stdin' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand topics; and __fish_seen_subcommand_from records-delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand tour" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -f -a "abort" -d 'Abort a transaction: one that hangs in a partition, or whatever runs under a transactional id'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -f -a "describe" -d 'Print what coordinators know of transactional ids'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -f -a "find-hanging" -d 'Find transactions that nobody will end'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and not __fish_seen_subcommand_from abort describe find-hanging list" -f -a "list" -d 'List transactional ids of all coordinators'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l topic -d 'The topic' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l partition -d 'The partition' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l start-offset -d 'Where the transaction begins, as find-hanging has it' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l producer-id -d 'Whose transaction it is' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l producer-epoch -d 'The epoch of the producer, if it is not to be that which the leader knows' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l coordinator-epoch -d 'The epoch of the coordinator, if it is not to be that which the leader knows' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l transactional-id -d 'Whatever runs under this transactional id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l force -d 'Also if a coordinator knows of the transaction, which then is committed in part'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from abort" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l topic -d 'Only in this topic; may be repeated; in all of them if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l partition -d 'Only this partition of the topic; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l broker -d 'Only partitions with a replica on this broker, as it knows them; their leaders are asked if not given' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l max-transaction-timeout -d 'Longest time that a transaction may take, as transaction.max.timeout.ms of brokers has it' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from find-hanging" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l state -d 'Only in this state; may be repeated' -r -f -a "Empty\t''
Ongoing\t''
PrepareCommit\t''
PrepareAbort\t''
CompleteCommit\t''
CompleteAbort\t''
PrepareEpochFence\t''
Dead\t''"
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l producer-id -d 'Only of this producer; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l running-for -d 'Only those that are running for longer than this, as in 10m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l transactional-id -d 'Only ids that this regular expression stands for, as a whole' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand transactions; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -f -a "delete" -d 'Delete users\' credentials: nobody can log in with them any more. Who is logged in stays so'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -f -a "describe" -d 'Print users\' credentials: mechanism and iterations. What they are made of is told to nobody'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -f -a "list" -d 'List users that can log in with SCRAM'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and not __fish_seen_subcommand_from delete describe list set" -f -a "set" -d 'Give a user a password for SCRAM, or another one'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l mechanism -d 'Only credentials of this mechanism, SCRAM-SHA-256 or SCRAM-SHA-512; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l if-exists -d 'A user that has no such credential is no error'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l mechanism -d 'SCRAM-SHA-256 or SCRAM-SHA-512; may be repeated' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l iterations -d 'How often the hash function is applied: the more, the longer it takes to guess the password, and to log in' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l password-file -d 'A file with the password in its only line; - is stdin; without it, the password is asked for' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l expect-cluster-id -d 'Change nothing unless this is the cluster\'s id' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -s b -l bootstrap-server -d 'Brokers to start from, HOST:PORT[,HOST:PORT...]' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l bootstrap-controller -d 'Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while brokers are down' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l command-config -d 'A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout' -r -F
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l profile -d 'A cluster of the profile file, which `kfleet profiles list --help` tells of' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -s o -l output -d 'How results are printed' -r -f -a "table\t'Columns for people'
wide\t'More columns'
json\t'One document'
ndjson\t'One document a line for each element'"
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l timeout -d 'How long the whole command may take, as in 500ms, 30s or 5m' -r
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would be changed and change nothing'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -s y -l yes -d 'Do not ask'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -l no-headers -d 'Leave out the names of columns'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing that is not a result'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more, on stderr'
complete -c kfleet -n "__fish_kfleet_using_subcommand users; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
