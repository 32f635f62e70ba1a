# 领域值的文字。

kind-response = 响应
kind-file = 文件
count-responses = { $count } 个响应
count-files = { $count } 个文件
citing-more = { $ids }，另有 { $more } 个

state-tracked = 已跟踪
state-queued = 排队中
state-sending = 发送中
state-deleted = 已删除
state-gone = 已不存在
state-refused = 被拒绝
state-failed = 失败
state-unsettled = 未定
state-expired = 已过期
state-cancelled = 已取消

unready-processing = 处理中
unready-stuck = 处理停滞
unready-failed = 处理失败

source-hand = 手动添加
source-import = 导入
source-sync = 同步发现
source-upload = 从这里上传
source-demo = 演示

answer-tries = 共尝试 { $count } 次
answer-request-id = 请求 ID { $id }

cause-service = 服务拒绝了这一项
cause-not-deleted = 服务表示没有删除
cause-no-verdict = 应答没有说明是否已删除
cause-not-json = 应答是 { $detail }，不是服务的 JSON：对方真的是该服务吗？
cause-truncated = 应答不完整
cause-other-id = 应答说的是另一个 ID：{ $detail }
cause-error-in-success = 应答状态为成功，却带有错误
cause-too-large = 应答超过 { $detail } 字节
cause-timeout = { $detail } 秒内没有应答
cause-disconnected = 连接中断：{ $detail }
cause-unreachable = 无法建立连接，没有发送任何请求：{ $detail }
cause-key-refused = 服务不接受该 API Key
cause-wrong-address = 这不是服务针对某个 ID 的应答：请检查 Base URL 和代理
cause-redirected = 被重定向到 { $detail }（从不跟随重定向）：请检查 Base URL
cause-quota = 配额已用尽
cause-exhausted = 多次重试后放弃
cause-stopped = 已停止
cause-interrupted = 上次运行已发出请求，但在收到应答前结束
cause-unwritten = 结果无法写入台账
cause-still-there = 服务说已删除，但仍然能查到

refusal-no-key = 没有 API Key
refusal-read-only = 只读模式
refusal-too-many = { $asked } 项超过该配置一次允许的数量（max_batch = { $limit }）
refusal-journal = 无法写入台账，因此没有发送任何请求：{ $error }
refusal-other-service = 该配置的记录属于 { $theirs }，不属于 { $asked }；请在配置文件中为后者另建一个配置（profile），或用 --data-dir 指定单独的目录
refusal-nothing = 没有可删除的内容：全部已不存在、受保护或在其他批次中

id-error-empty = 为空
id-error-too-long = { $length } 个字符，超过 ID 的上限（{ $limit }）
id-error-not-visible = 第 { $at } 个字符不是可见的 ASCII 字符
id-error-dots = “.”和“..”不是 ID
id-error-masked = 含有掩码 *，需要完整的 ID
id-error-no-kind = 看不出是响应还是文件

freed-enough = 已选中 { $files }，{ $bytes }：足以腾出 { $asked }。之后仍占用 { $left }。
freed-short = 不足以腾出 { $asked }：已选中 { $files }，{ $bytes }；之后仍占用 { $left }。跳过：受保护 { $protected }，在批次中或未定 { $busy }，大小未知 { $unknown }。

upload-unreadable = 无法读取：{ $error }
upload-no-file = 不是文件
upload-too-large = { $bytes } 超过服务接受的大小（{ $limit }）
upload-failed = 未上传：{ $reason }
upload-unclear = 可能已上传，也可能没有，因此没有再次发送：{ $reason }。同步后可知它是否存在。
upload-life = 文件从现在起可保存 1 到 30 天：请写 1d、12d 或 4w

label-tag-length = 标签有 1 到 { $limit } 个字符，这里有 { $length } 个
label-tag-character = 标签不含空格和控制字符，也不以 - 开头
label-note-length = 备注最多 { $limit } 个字符，这里有 { $length } 个

query-unknown-key = 未知的键
query-unknown-kind = 未知的类型：应为 response 或 file
query-unknown-state = 未知的状态：应为 tracked、queued、sending、deleted、gone、refused、failed、unsettled 或 expired
query-missing-value = 缺少值
query-not-a-duration = 不是时长：请写成 90s、15m、12h、3d 或 2w
query-not-a-size = 不是大小：请写成 500、20KB、10MB、1.5GB 或 1GiB
query-needs-comparison = 这个键要用 < 或 >，例如 age>3d
query-needs-colon = 这个键要用冒号，例如 tag:keep
query-open-quote = 引号没有闭合

import-of = { $done } / { $total }
import-progress = { $done } · { $rate }/秒 · 新 ID { $new } 个
import-tally = 新增：{ $new } · 已有：{ $known } · 未接受：{ $rejected }
import-searched = 已搜索：{ $files } 个文件，{ $lines } 行，其中 { $bare } 行没有 ID
import-deleted = 已被删除、未添加：{ $count }
import-doubted = 已有但记录显示已删除：{ $count }

unreadable-missing = 没有这个文件或文件夹
unreadable-denied = 没有权限
unreadable-folder = 这是文件夹，不是文件
unreadable-not-a-folder = 路径中有一部分是文件，不是文件夹
unreadable-cut-short = 内容不完整，提前结束；之前的部分已读取
unreadable-packed = 压缩格式（{ $how }）不受支持
