// Command client uses franz-go as a program would: topics and configurations through kadm, records with every codec,
// a group of two that commits, offsets by time. It prints what it saw, one fact a line, for its test to assert.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	topic     = "t"
	group     = "g"
	perCodec  = 1000
	partition = 3
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	seeds := kgo.SeedBrokers(os.Args[1])
	client := must(kgo.NewClient(seeds))
	defer client.Close()
	admin := kadm.NewClient(client)

	topics(ctx, admin)
	sent := produce(ctx, seeds)
	fmt.Println("read", consume(ctx, seeds, sent))
	committed := must(admin.FetchOffsets(ctx, group))
	ends := must(admin.ListEndOffsets(ctx, topic))
	var total int64
	ends.Each(func(end kadm.ListedOffset) {
		at, _ := committed.Lookup(topic, end.Partition)
		if at.At != end.Offset {
			fail(fmt.Errorf("partition %d: committed %d of %d", end.Partition, at.At, end.Offset))
		}
		total += at.At
	})
	fmt.Println("committed", total)
	later := must(admin.ListOffsetsAfterMilli(ctx, time.Now().Add(time.Hour).UnixMilli(), topic))
	first := must(admin.ListOffsetsAfterMilli(ctx, 0, topic))
	var sum, endSum int64
	first.Each(func(offset kadm.ListedOffset) { sum += offset.Offset })
	later.Each(func(offset kadm.ListedOffset) { endSum += offset.Offset })
	fmt.Println("by time", sum, endSum)
	groups(ctx, admin)
}

func topics(ctx context.Context, admin *kadm.Client) {
	value := "86400000"
	must(admin.CreateTopic(ctx, partition, 1, map[string]*string{"retention.ms": &value}, topic))
	_, err := admin.CreateTopic(ctx, partition, 1, nil, topic)
	fmt.Println("again", errors.Is(err, kerr.TopicAlreadyExists))
	configs := must(must(admin.DescribeTopicConfigs(ctx, topic)).On(topic, nil))
	for _, config := range configs.Configs {
		if config.Key == "retention.ms" {
			fmt.Println("retention.ms", config.MaybeValue())
		}
	}
	for _, response := range must(admin.UpdatePartitions(ctx, partition+1, topic)) {
		fmt.Println("partitions", response.Topic, response.Err)
	}
}

func produce(ctx context.Context, seeds kgo.Opt) map[string]bool {
	sent := make(map[string]bool)
	for name, codec := range codecs {
		client := must(kgo.NewClient(seeds, kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(codec)))
		var records []*kgo.Record
		for at := range perCodec {
			value := fmt.Sprintf("%s %d", name, at)
			sent[value] = true
			records = append(records, &kgo.Record{
				Key:     fmt.Appendf(nil, "%d", at%10),
				Value:   []byte(value),
				Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("1")}, {Key: "h", Value: []byte("2")}},
			})
		}
		fail(client.ProduceSync(ctx, records...).FirstErr())
		client.Close()
	}
	fmt.Println("sent", len(sent))
	return sent
}

// consume reads everything with two members of a group, each record once, and commits it.
func consume(ctx context.Context, seeds kgo.Opt, sent map[string]bool) int {
	var members []*kgo.Client
	for range 2 {
		members = append(members, must(kgo.NewClient(seeds, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())))
	}
	read := make(map[string]bool)
	for len(read) < len(sent) {
		for _, member := range members {
			wait, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
			fetches := member.PollFetches(wait)
			cancel()
			fail(ctx.Err())
			fetches.EachRecord(func(record *kgo.Record) {
				if !sent[string(record.Value)] || len(record.Headers) != 2 {
					fail(fmt.Errorf("nobody sent %q with %d headers", record.Value, len(record.Headers)))
				}
				read[string(record.Value)] = true
			})
			fail(member.CommitUncommittedOffsets(ctx))
		}
	}
	for _, member := range members {
		member.Close()
	}
	return len(read)
}

func groups(ctx context.Context, admin *kadm.Client) {
	described := must(admin.DescribeGroups(ctx, group))
	fmt.Println("group", described[group].State, len(described[group].Members))
	deleted := must(admin.DeleteGroup(ctx, group))
	fmt.Println("deleted", deleted.Group, deleted.Err)
	must(admin.DeleteTopic(ctx, topic))
	left := must(admin.ListTopics(ctx))
	fmt.Println("left", left.Names())
}

func must[T any](value T, err error) T {
	fail(err)
	return value
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
